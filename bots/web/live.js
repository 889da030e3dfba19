// Adds new reports to the list as they arrive. Without it the page works too, but must be reloaded.
"use strict";
for (const list of document.querySelectorAll("[data-live]")) {
	const most = Number(list.dataset.most);
	const quiet = 75000; // milliseconds; the server says something every 25 seconds
	const state = document.getElementById("reports-state");
	const past = document.getElementById("reports-past"); // holds the list of what is over, or not fresh any more
	const earlier = past.querySelector("ol");
	const empty = document.getElementById("reports-empty");
	const item = (id) => document.getElementById("post-" + id);
	const posts = () => [...list.children, ...earlier.children];
	const only = document.getElementById("reports-only");
	const nothing = document.getElementById("reports-hidden");
	const remembered = "only " + list.dataset.live;
	let last = list.dataset.last;
	let source = null;
	let timer; // follows anew
	let heard = new Date(); // the list was right then

	// As shows in filter.go: what nobody can place is always shown.
	const tidy = (name) => name.toLowerCase().normalize("NFD").replace(/[^\p{L}\p{N}]/gu, "");
	const filter = () => {
		const wanted = only.value.split(/[,;]/).map(tidy).filter((one) => one);
		let shown = 0;
		for (const post of posts()) {
			const names = post.dataset.places?.split("|") ?? [];
			const fits = (one) => names.some((name) => name === ` ${one} ` || name === one || (name[0] !== " " && one.length > 2 && name.includes(one)));
			post.hidden = wanted.length > 0 && names.length > 0 && !wanted.some(fits);
			if (!post.hidden && post.parentElement === list) shown++;
		}
		nothing.hidden = shown > 0 || list.children.length === 0;
	};

	// As view in post_view.go: how old each post is, and in which list it is.
	const lang = document.documentElement.lang;
	const minutes = new Intl.RelativeTimeFormat(lang, { numeric: "always" });
	const age = () => {
		const now = Date.now();
		for (const post of posts()) {
			const time = post.querySelector("time");
			const at = Date.parse(time.dateTime);
			const until = Date.parse(post.dataset.until);
			const old = Math.floor((now - at) / 60000);
			const text = old < 1 ? list.dataset.now : old < 60 ? minutes.format(-old, "minute") : time.title;
			if (time.textContent !== text) time.textContent = text;
			const isPast = "over" in post.dataset || now >= until;
			post.className = isPast ? "past" : now - at >= (until - at) / 3 ? "old" : "new";
			const home = isPast ? earlier : list;
			if (post.parentElement !== home) {
				const next = [...home.children].find((other) => number(other) < number(post));
				home.insertBefore(post, next ?? null);
			}
		}
		past.hidden = earlier.children.length === 0;
		empty.hidden = list.children.length > 0;
	};
	const number = (post) => Number(post.id.slice("post-".length));
	const show = () => {
		age();
		filter();
	};
	setInterval(() => document.hidden || show(), 20000);
	only.addEventListener("change", show);
	try {
		only.value ||= localStorage.getItem(remembered) ?? "";
	} catch {} // storage is switched off
	only.addEventListener("input", () => {
		filter();
		try {
			localStorage.setItem(remembered, only.value);
		} catch {}
	});
	only.form.addEventListener("submit", (event) => event.preventDefault());
	show();

	const add = (event) => {
		last = event.lastEventId;
		if (item(last)) return;
		const holder = document.createElement("template");
		holder.innerHTML = event.data; // our own server's item.html, escaped there
		list.prepend(holder.content);
		for (const post of posts().slice(most)) post.remove();
		show();
	};

	const edit = (event) => {
		const holder = document.createElement("template");
		holder.innerHTML = event.data; // as in add
		const changed = holder.content.firstElementChild;
		document.getElementById(changed.id)?.replaceWith(changed);
		show();
	};

	const keepOnly = (event) => {
		const shown = new Set(event.data.split(" ").map((id) => "post-" + id));
		for (const post of posts()) {
			if (!shown.has(post.id)) post.remove();
		}
		show();
	};

	const again = (wait) => {
		clearTimeout(timer);
		timer = setTimeout(follow, wait);
	};

	const alive = () => {
		heard = new Date();
		state.hidden = true;
		// In a tunnel a connection neither works nor ends.
		clearTimeout(timer);
		timer = setTimeout(() => {
			lost();
			follow();
		}, quiet);
	};

	const lost = () => {
		if (!state.hidden) return;
		const time = heard.toLocaleTimeString(lang, { hour: "2-digit", minute: "2-digit" });
		state.textContent = state.dataset.text.replace("{time}", time);
		state.hidden = false;
	};

	const close = () => {
		clearTimeout(timer);
		source?.close();
		source = null;
	};

	const follow = () => {
		close();
		if (document.hidden) return;
		const mine = (source = new EventSource(list.dataset.live + "?after=" + encodeURIComponent(last)));
		mine.addEventListener("post", add);
		mine.addEventListener("edit", edit);
		mine.addEventListener("shown", keepOnly);
		for (const kind of ["open", "post", "edit", "shown", "ping"]) mine.addEventListener(kind, alive);
		mine.addEventListener("error", () => {
			if (mine !== source) return;
			lost();
			// The browser reconnects by itself after a broken connection, but not after a 503.
			again(mine.readyState === EventSource.CLOSED ? 30000 + Math.random() * 30000 : quiet);
		});
		again(quiet);
	};

	// A browser opens six connections to a server by HTTP/1.1, for all its tabs. Those that nobody looks at need none.
	document.addEventListener("visibilitychange", follow);
	addEventListener("pagehide", close);
	addEventListener("pageshow", (event) => event.persisted && follow());
	addEventListener("offline", lost);
	addEventListener("online", follow);
	follow();
}
