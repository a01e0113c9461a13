// Race control's messages, newest first.
export default {
  render({ model, el }) {
    el.classList.add("racelab", "rl-messages");
    const title = document.createElement("h2");
    title.textContent = "Race control";
    const list = document.createElement("ol");
    list.setAttribute("role", "log");
    el.append(title, list);

    function item(message) {
      const entry = document.createElement("li");
      for (const key of ["time", "text"]) {
        const part = document.createElement("span");
        part.className = `rl-message-${key}`;
        part.textContent = message[key];
        entry.append(part);
      }
      entry.style.setProperty("--rl-flag", message.colour || "transparent");
      return entry;
    }

    function paint() {
      const messages = model.get("messages");
      const empty = { time: "", text: "No message from race control." };
      list.replaceChildren(...(messages.length ? messages : [empty]).map(item));
    }

    model.on("change:messages", paint);
    paint();
    return () => model.off("change:messages", paint);
  },
};
