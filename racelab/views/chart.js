// A plotly figure that is changed in place; all charts of a page share one copy of plotly.js.
async function unpacked(view) {
  const stream = new Blob([view]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Blob([await new Response(stream).text()], { type: "text/javascript" });
}

function loaded(blob) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = URL.createObjectURL(blob);
    script.onload = () => resolve(globalThis.Plotly);
    script.onerror = () => reject(new Error("plotly.js did not load"));
    document.head.append(script);
  });
}

async function plotly(model) {
  const reference = model.get("library").replace("IPY_MODEL_", "");
  const library = await model.widget_manager.get_model(reference);
  globalThis.racelabPlotly ??= unpacked(library.get("source")).then(loaded);
  return globalThis.racelabPlotly;
}

export default {
  async render({ model, el }) {
    el.classList.add("racelab", "rl-chart");
    el.setAttribute("role", "img");
    const plot = document.createElement("div");
    plot.className = "rl-plot";
    el.append(plot);
    const Plotly = await plotly(model);
    const config = { displaylogo: false, responsive: false, displayModeBar: "hover", modeBarButtonsToRemove: ["select2d", "lasso2d"] };
    let drawn = "";

    async function draw() {
      if (!el.clientWidth || !el.clientHeight) return;
      const text = model.get("figure");
      const size = { width: el.clientWidth, height: el.clientHeight };
      if (text === "" || drawn === text + JSON.stringify(size)) return;
      drawn = text + JSON.stringify(size);
      const figure = JSON.parse(text);
      el.setAttribute("aria-label", figure.layout?.meta?.alt ?? "");
      await Plotly.react(plot, figure.data, { ...figure.layout, ...size, autosize: false }, config);
    }

    const sizes = new ResizeObserver(draw);
    sizes.observe(el);
    model.on("change:figure", draw);
    await draw();
    return () => {
      sizes.disconnect();
      model.off("change:figure", draw);
      Plotly.purge(plot);
    };
  },
};
