"""What the kernel itself offers."""

from .routing import router
from .users import TeamEndpoint, UserEndpoint

router.register("users", UserEndpoint, basename="user")
router.register("teams", TeamEndpoint, basename="team")
