"""All components in one library, which settings make a builtin: templates use them without {% load %}.

The tags stand by theme in values.py, blocks.py, frame.py and lists.py; their templates in templates/_components/. Each is
shown in its states on /styleguide/.
"""

from django import template

from . import blocks, frame, lists, values

register = template.Library()
for _theme in (values, blocks, frame, lists):
    register.tags.update(_theme.register.tags)
    register.filters.update(_theme.register.filters)
