// What pages do beyond links and forms. Without it, everything works, with a page at each step.
"use strict";

const part = async (url, options) => {
  const response = await fetch(url, { ...options, headers: { "X-Part": "1", ...(options || {}).headers } });
  if (response.status === 401) location.reload(); // which leads to where one can sign in
  return { text: await response.text(), ok: response.ok };
};

// Buttons that copy a text.
const showCopyButtons = (within) => {
  for (const button of within.querySelectorAll("button.copy[hidden]")) button.hidden = false;
};
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button.copy");
  if (!button) return;
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
  } catch {
    const area = document.createElement("textarea");
    area.value = button.dataset.copy;
    document.body.append(area);
    area.select();
    button.textContent = document.execCommand("copy") ? "Copied" : "Failed";
    area.remove();
  }
  setTimeout(() => { button.textContent = before; }, 1500);
});

// Results that follow what is typed. The latest question counts, whatever order the answers come in.
const follow = (input, urlOf, target, addressOf, asked = { latest: 0 }) => {
  let timer = 0;
  const ask = async () => {
    const number = ++asked.latest;
    if (urlOf() === null) return;
    const { text, ok } = await part(urlOf());
    if (number !== asked.latest || !ok) return;
    target().innerHTML = text;
    showCopyButtons(target());
    history.replaceState(null, "", addressOf());
  };
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 150); });
  return ask;
};

const find = document.querySelector("input[data-instant]");
const results = () => document.getElementById("results");
if (find && results()) {
  const base = find.dataset.instant, first = results().innerHTML, home = location.href;
  const isSearch = location.pathname === new URL(base, location.href).pathname;
  const query = () => `?q=${encodeURIComponent(find.value.trim())}`;
  const title = document.querySelector("h1"), called = title.textContent;
  const isOver = () => !find.value.trim() && !isSearch;
  follow(find, () => (isOver() ? null : base + query()), results, () => base + query());
  find.addEventListener("input", () => {
    title.textContent = isOver() ? called : "Search";
    if (!isOver()) return;
    results().innerHTML = first;
    showCopyButtons(results());
    history.replaceState(null, "", home);
  });
}
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && find && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) {
    event.preventDefault();
    find.focus();
    find.select();
  }
});

for (const form of document.querySelectorAll("form[data-live]")) {
  const url = () => `${form.getAttribute("action")}?${new URLSearchParams([...new FormData(form)].filter(([, value]) => value))}`;
  const target = () => document.getElementById("part"), asked = { latest: 0 };
  for (const input of form.querySelectorAll("input")) follow(input, url, target, url, asked);
  for (const select of form.querySelectorAll("select")) {
    const ask = follow(select, url, target, url, asked);
    select.addEventListener("change", ask);
  }
  form.addEventListener("submit", (event) => { event.preventDefault(); form.querySelector("input").dispatchEvent(new Event("input")); });
}

// The console: answers come into the page; a fix fills in the fields, and is sent.
const consoleForm = document.querySelector("form[data-console]");
if (consoleForm) {
  const answer = document.getElementById("answer");
  const send = async () => {
    answer.setAttribute("aria-busy", "true");
    try {
      const { text } = await part(consoleForm.action, { method: "POST", body: new URLSearchParams(new FormData(consoleForm)) });
      answer.innerHTML = text;
      showCopyButtons(answer);
    } catch {
      answer.textContent = "The server cannot be reached.";
    } finally {
      answer.removeAttribute("aria-busy");
    }
  };
  consoleForm.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); send(); }
  });
  consoleForm.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  answer.addEventListener("submit", (event) => {
    const fix = event.target.closest("form[data-fix]");
    if (!fix) return;
    event.preventDefault();
    for (const [name, value] of new FormData(fix)) if (consoleForm.elements[name]) consoleForm.elements[name].value = value;
    send().then(() => answer.scrollIntoView({ block: "start" }));
  });
}

// Requests as they come.
const live = document.querySelector("#live[data-stream]");
if (live) {
  const pause = document.querySelector(".pause"), pulse = document.querySelector(".pulse");
  let source = null, waiting = null;
  const show = (text) => {
    const link = document.activeElement.closest ? document.activeElement.closest("#live a") : null;
    live.innerHTML = text;
    if (link) (live.querySelector(`a[href="${CSS.escape(link.getAttribute("href"))}"]`) || live).focus();
  };
  const open = () => {
    source = new EventSource(live.dataset.stream);
    source.addEventListener("rows", (event) => {
      if (live.matches(":hover") && window.getSelection().toString()) waiting = event.data;
      else show(event.data);
    });
    source.onopen = () => { pulse.textContent = "live"; };
    source.onerror = () => {
      pulse.textContent = "not connected; trying again";
      if (source && source.readyState === EventSource.CLOSED) setTimeout(() => { if (source) open(); }, 5000);
    };
  };
  const close = () => { source.close(); source = null; pulse.textContent = "paused"; };
  pause.hidden = false;
  pause.addEventListener("click", () => {
    if (source) close(); else { waiting = null; open(); }
    pause.textContent = source ? "Pause" : "Go on";
    pause.setAttribute("aria-pressed", String(!source));
  });
  open();
}

// Questions before what cannot be undone.
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.ask;
  if (question && !window.confirm(question)) event.preventDefault();
});

showCopyButtons(document);
