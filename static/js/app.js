// The page's small behaviours. Everything works without them; they add keys, focus and comfort.
import "./preferences.js";
import "./menus.js";
import "./keys.js";
import "./search.js";
import "./lists.js";
import "./toasts.js";
import "./forms.js";
import "./clip.js";
import "./stages.js";
