// What the pages do better with a script. Without it they work, too.
"use strict";

// The message about what was done gets the focus, or else the first field with a mistake: the address's fragment, if there is one,
// leads to its section, but not the keyboard and not a screen reader.
addEventListener("load", () => {
	const message = document.querySelector(".flash");
	const wrong = document.querySelector("[aria-invalid=true]") ?? document.querySelector("main [role=alert]");
	const found = message ?? (wrong?.matches("fieldset") ? wrong.querySelector("input") : wrong);
	if (!found) return;
	if (found.tabIndex < 0) found.tabIndex = -1;
	found.focus({ preventScroll: found === message && Boolean(document.querySelector(":target")?.contains(found)) });
});
