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

// A double click sends a form once: the answer to the second would be that nothing is left to do, or that a link is used up.
const double = 1000; // milliseconds
let last = null;
addEventListener("submit", (event) => {
	if (event.target === last?.target && event.timeStamp - last.timeStamp < double) {
		event.preventDefault();
		event.stopImmediatePropagation();
		return;
	}
	last = event;
}, true);

// Edits that are not saved. A page with several forms (data-edits) loads anew when one of them is sent: the edits in the others are
// carried over the answer, in the tab's own storage. Whoever leaves the page is asked first, and so is whoever would lose a
// password or a file, which are not stored.
const page = document.querySelector("[data-edits]");
const forms = page ? [...page.querySelectorAll("form[method=post]")] : [];
const storage = "edits";
const sentStorage = "sent"; // the form that was sent last, without passwords, until the answer shows that it was taken

const controls = (form) => [...form.elements].filter((c) => c.name && c.matches("input:not([type=hidden]), textarea, select"));
const isChoice = (c) => c.type === "checkbox" || c.type === "radio";
const value = (c) => (isChoice(c) ? c.checked : c.value);
const savedValue = (c) => {
	if (isChoice(c)) return c.defaultChecked;
	if (!c.options) return c.defaultValue;
	return ([...c.options].find((o) => o.defaultSelected) ?? c.options[0])?.value;
};
const isEdited = (c) => value(c) !== savedValue(c);
const hasEdits = (form) => "unsaved" in form.dataset || controls(form).some(isEdited);
const canCarry = (form) => !controls(form).some((c) => isEdited(c) && (c.type === "password" || c.type === "file"));
const nameOf = (form) => {
	const action = form.getAttribute("action").split("#")[0];
	return action + " " + forms.filter((f) => f.getAttribute("action").split("#")[0] === action).indexOf(form);
};

const stored = () => {
	try {
		return JSON.parse(sessionStorage.getItem(storage)) ?? {};
	} catch {
		return {}; // no storage in this browser, or not ours
	}
};

const contents = (form) => ({
	base: form.elements.base?.value, unsaved: "unsaved" in form.dataset,
	values: controls(form).filter((c) => c.type !== "password" && c.type !== "file").map((c) => ({ now: value(c), saved: savedValue(c), edited: isEdited(c) })),
});

const carry = (edited) => {
	const all = stored();
	for (const form of edited) all[nameOf(form)] = contents(form);
	try {
		sessionStorage.setItem(storage, JSON.stringify(all));
		return true;
	} catch {
		return false;
	}
};

const restore = (form, kept) => {
	const now = controls(form).filter((c) => c.type !== "password" && c.type !== "file");
	if (now.length !== kept.values.length) return false;
	// Another admin may have changed the same field meanwhile. Then the whole form is that of the older version, so that saving it
	// shows both.
	const whole = kept.unsaved || kept.values.some((k, i) => k.edited && k.saved !== savedValue(now[i]));
	now.forEach((c, i) => {
		if (!whole && !kept.values[i].edited) return;
		if (isChoice(c)) c.checked = kept.values[i].now;
		else c.value = kept.values[i].now;
	});
	if (whole) {
		form.dataset.unsaved = "";
		if (kept.base) form.elements.base.value = kept.base;
	}
	if (!hasEdits(form)) return true;
	const note = document.createElement("p");
	note.className = "note";
	note.setAttribute("role", "status");
	note.textContent = page.dataset.edits;
	form.prepend(note);
	for (let outer = form.closest("details"); outer; outer = outer.parentElement.closest("details")) outer.open = true;
	return true;
};

// Who is led to the login by a form finds its contents again afterwards, and so does who could not connect an account: those forms have no version
// (base), and the server keeps nothing of them.
try {
	const last = JSON.parse(sessionStorage.getItem(sentStorage));
	const login = document.querySelector("form[action='/login']");
	if (last && login) {
		sessionStorage.setItem(sentStorage, JSON.stringify({ ...last, login: true }));
	} else {
		sessionStorage.removeItem(sentStorage);
		const refused = last?.contents.base === undefined && document.querySelector(".flash.error");
		if (page && last && (last.login || refused)) sessionStorage.setItem(storage, JSON.stringify({ ...stored(), [last.name]: last.contents }));
	}
} catch {} // no storage in this browser

if (page) {
	const all = stored();
	for (const form of forms) {
		if (all[nameOf(form)] && restore(form, all[nameOf(form)])) delete all[nameOf(form)];
	}
	try {
		sessionStorage.setItem(storage, JSON.stringify(all));
	} catch {} // nothing was stored either
}

let sent = null; // the form that is on its way, or the link that drops the edits or leads to the same page
addEventListener("submit", (event) => {
	if (!event.defaultPrevented) sent = event.target;
	if (forms.includes(sent)) {
		try {
			sessionStorage.setItem(sentStorage, JSON.stringify({ name: nameOf(sent), contents: contents(sent) }));
		} catch {}
	}
	if (event.target.getAttribute("action") !== "/logout") return;
	try {
		sessionStorage.removeItem(storage); // the next admin in this tab must not see them
		sessionStorage.removeItem(sentStorage);
	} catch {}
});
addEventListener("click", (event) => {
	sent = event.target.closest("[data-drop], a[hreflang]") ?? sent;
});
const ask = (event) => {
	const dropped = sent?.matches("[data-drop]");
	const carries = forms.includes(sent) || sent?.matches("a[hreflang]"); // the same page, in another language
	const edited = forms.filter((form) => form !== sent && hasEdits(form));
	sent = null;
	if (dropped || edited.length === 0) return;
	if (carries && edited.every(canCarry) && carry(edited)) return;
	event.preventDefault();
};
if (page) addEventListener("beforeunload", ask); // only where it is needed: browsers keep such pages less well

// A new city runs in the time zone of the browser.
for (const field of document.querySelectorAll("[data-browser-zone]")) {
	field.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}

// The short name follows the name until somebody types another. The server makes the same (short_name.go).
const letters = { ä: "ae", ö: "oe", ü: "ue", ß: "ss", æ: "ae", ø: "oe", œ: "oe", đ: "d", ð: "d", þ: "th", ł: "l", ı: "i", ħ: "h", "'": "", "’": "" };
const shortName = (title) => {
	const plain = [...title.toLowerCase().normalize("NFC")].map((c) => letters[c] ?? c).join("").normalize("NFD");
	const name = plain.replace(/[\u0300-\u036f]/g, "").replace(/[^a-z0-9]+/g, "-").replace(/^[-0-9]+/, "");
	if (name.length <= 32) return name.replace(/-+$/, "");
	const cut = name.slice(0, 33).lastIndexOf("-");
	return name.slice(0, cut > 0 ? cut : 32);
};
for (const field of document.querySelectorAll("[data-short-name]")) {
	const title = document.getElementById(field.dataset.shortName);
	let own = field.value !== "";
	field.addEventListener("input", () => (own = field.value !== ""));
	title.addEventListener("input", () => {
		if (!own) field.value = shortName(title.value);
	});
}

// How far a reading in the background is. The page loads anew when it has ended, as without a script every few seconds.
const reading = document.querySelector("[data-poll]");
const look = async () => {
	try {
		const answer = await fetch(reading.dataset.poll);
		const now = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-poll] .progress");
		if (answer.ok && !now) return location.assign(reading.dataset.poll);
		if (now) reading.querySelector(".progress").replaceWith(now);
	} catch {} // the server is away for a moment
	setTimeout(look, 1000);
};
if (reading) setTimeout(look, 1000);

// Sending a large file takes minutes, in which the page seems to do nothing.
for (const form of document.querySelectorAll("[data-sending]")) {
	form.addEventListener("submit", () => {
		const note = document.createElement("p");
		note.className = "note";
		note.setAttribute("role", "status");
		note.textContent = form.dataset.sending;
		form.querySelector(".actions").before(note);
	});
}

// Passkeys. A form with data-passkey is shown to browsers that have them. What the browser's authenticator answers to a first request goes to a second one, whose answer says where to go on.
const base = window.PublicKeyCredential;
for (const form of document.querySelectorAll("form[data-passkey]")) {
	if (!base?.parseCreationOptionsFromJSON) continue;
	form.hidden = false;
	form.addEventListener("submit", async (event) => {
		event.preventDefault();
		const says = form.querySelector("[data-says]");
		says.textContent = "";
		try {
			const begun = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
			const answer = await begun.json();
			if (!begun.ok) throw new Error(answer.error);
			const credential = form.dataset.passkey === "new"
				? await navigator.credentials.create({ publicKey: base.parseCreationOptionsFromJSON(answer.options) })
				: await navigator.credentials.get({ publicKey: base.parseRequestOptionsFromJSON(answer.options) });
			const finished = await fetch(answer.finish, { method: "POST", body: JSON.stringify(credential), headers: { "Content-Type": "application/json" } });
			const next = await finished.json();
			if (!finished.ok) throw new Error(next.error);
			location.assign(next.next);
		} catch (failed) {
			says.textContent = failed.name === "Error" ? failed.message : says.dataset.says;
		}
	});
}
