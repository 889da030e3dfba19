// Adds new reports to the list as they arrive. Without it the page works too, but must be reloaded.
"use strict";
for (const list of document.querySelectorAll("[data-live]")) {
	const most = Number(list.dataset.most);
	const item = (id) => document.getElementById("post-" + id);
	let last = list.dataset.last;

	const add = (event) => {
		last = event.lastEventId;
		if (item(last)) return;
		const holder = document.createElement("template");
		holder.innerHTML = event.data; // our own server's item.html, escaped there
		list.prepend(holder.content);
		document.getElementById("reports-empty")?.remove();
		while (list.children.length > most) list.lastElementChild.remove();
	};

	const keepOnly = (event) => {
		const shown = new Set(event.data.split(" ").map((id) => "post-" + id));
		for (const child of [...list.children]) {
			if (!shown.has(child.id)) child.remove();
		}
	};

	const follow = () => {
		const source = new EventSource(list.dataset.live + "?after=" + encodeURIComponent(last));
		source.addEventListener("post", add);
		source.addEventListener("shown", keepOnly);
		source.addEventListener("error", () => {
			// The browser reconnects by itself after a broken connection, but not after a 503.
			if (source.readyState !== EventSource.CLOSED) return;
			setTimeout(follow, 30000 + Math.random() * 30000);
		});
	};
	follow();
}
