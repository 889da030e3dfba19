// Keeps a report that finds no connection, and sends it when there is one. Without it the form works too, but a browser without a
// connection shows its own error page.
"use strict";
for (const form of document.querySelectorAll("form[data-unsent]")) {
	const pause = 15000; // milliseconds between attempts
	const tooOld = 10 * 60000; // from then on a report may mislead, so the rider decides
	const storage = "report " + new URL(form.action).pathname;
	const state = form.querySelector("[role=status]");
	let since = null; // when the rider pressed the button, while the report is not sent
	let busy = false;
	let timer;

	const store = (value) => {
		try {
			if (value) sessionStorage.setItem(storage, JSON.stringify(value));
			else sessionStorage.removeItem(storage);
		} catch {} // no storage in this browser: the text is in the form
	};

	const say = (text) => {
		const time = since.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
		const sentence = text.replace("{time}", time);
		if (state.textContent !== sentence) state.textContent = sentence; // a repetition would be read out again
		state.hidden = false;
	};

	const keep = () => {
		store({ text: form.elements.text.value, once: form.elements.once.value, since: since.getTime() });
		say(form.dataset.unsent);
		clearTimeout(timer);
		timer = setTimeout(retry, pause);
	};

	const retry = () => {
		if (!since || busy) return;
		if (Date.now() - since.getTime() < tooOld) {
			send();
			return;
		}
		say(form.dataset.late);
		since = null;
	};

	const send = async () => {
		busy = true;
		clearTimeout(timer);
		let answer = null;
		try {
			answer = await fetch(form.action, {
				method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "application/json" }, signal: AbortSignal.timeout(20000),
			});
		} catch {} // no connection
		busy = false;
		if (!answer || [502, 503, 504].includes(answer.status)) {
			keep(); // the same report again is one report: its id comes from the text and the hidden field
			return;
		}
		since = null;
		store(null);
		if (!answer.ok) {
			form.submit(); // the answer is a page that says what is wrong
			return;
		}
		const { to } = await answer.json();
		form.reset();
		location.assign(to);
	};

	form.addEventListener("submit", (event) => {
		event.preventDefault();
		if (busy) return;
		since = new Date();
		send();
	});
	form.elements.text.addEventListener("input", () => {
		if (!since || busy) return;
		clearTimeout(timer); // not half a sentence
		timer = setTimeout(retry, pause);
	});
	addEventListener("online", retry);

	try {
		const kept = JSON.parse(sessionStorage.getItem(storage));
		if (kept && !form.elements.text.value) {
			form.elements.text.value = kept.text;
			form.elements.once.value = kept.once;
			since = new Date(kept.since);
			retry();
		}
	} catch {} // no storage, or not ours
}
