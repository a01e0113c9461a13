// The bar above a live page: flag as a band with a word, event, clock, weather and the age of the data.
const STALE_MS = 15000;

function make(tag, className, parent) {
  const node = document.createElement(tag);
  node.className = className;
  parent.append(node);
  return node;
}

function ago(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

function fact(parent, { label, value, title }) {
  const box = make("div", "rl-fact", parent);
  box.title = title ?? "";
  box.dataset.label = label;
  make("span", "rl-label", box).textContent = label;
  make("span", "rl-value", box).textContent = value;
  return box;
}

export default {
  render({ model, el }) {
    el.classList.add("racelab", "rl-bar");
    const line = make("div", "rl-line", el);
    const names = make("div", "rl-names", line);
    const event = make("h1", "rl-event", names);
    const session = make("span", "rl-session", names);
    const facts = make("div", "rl-facts", line);
    const flag = make("div", "rl-flag", el);
    flag.setAttribute("role", "status");
    const word = make("strong", "rl-flag-word", flag);
    const since = make("span", "rl-flag-since", flag);
    const stale = make("div", "rl-stale", el);
    stale.setAttribute("role", "status");
    let received = Date.now();
    let age = null;

    function tick() {
      const state = model.get("state");
      if (state.age_ms === undefined || state.age_ms === null) return;
      const ms = state.age_ms + Date.now() - received;
      const old = !state.final && ms > STALE_MS;
      if (age) age.querySelector(".rl-value").textContent = state.final ? "final" : ago(ms);
      age?.classList.toggle("rl-old", old);
      const sentence = old ? `No new data for ${ago(ms)}: this is the last state that arrived. The feed or the replay has stopped.` : "";
      if (stale.textContent !== sentence) stale.textContent = sentence;
    }

    function paint() {
      const state = model.get("state");
      received = Date.now();
      event.textContent = state.event ?? "";
      session.textContent = state.session ?? "";
      flag.dataset.flag = state.flag ?? "";
      word.textContent = state.flag_label ?? "";
      since.textContent = state.flag_since ?? "";
      facts.replaceChildren();
      for (const item of state.facts ?? []) fact(facts, item);
      age = state.age_ms === undefined || state.age_ms === null ? null
        : fact(facts, { label: "Data age", value: "", title: "Time since the last state arrived" });
      stale.textContent = "";
      tick();
    }

    model.on("change:state", paint);
    paint();
    const timer = setInterval(tick, 1000);
    return () => {
      clearInterval(timer);
      model.off("change:state", paint);
    };
  },
};
