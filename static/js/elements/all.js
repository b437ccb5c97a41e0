/** The small elements every page may use. Each works on plain HTML and adds to it; without script the HTML still acts. */
import "./confirm-button.js";
import "./copy-button.js";
import "./count-down.js";
import "./open-dialog.js";
import "./quiet-form.js";
import "./server-away.js";
import "./sent-once.js";
import "./time-ago.js";
import "./menus.js";
import "./unsaved-words.js";
