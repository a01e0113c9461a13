// Unpacks plotly.js and the figures, which the page carries once and compressed, and draws each in its place.
const places = [...document.querySelectorAll(".plot")];
let plots = [];
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const pattern = new RegExp(Object.keys(DARK).join("|"), "gi");
const PHONE = 520;

function figureOf(text, isDark) {
  return JSON.parse(isDark ? text.replace(pattern, (colour) => DARK[colour.toLowerCase()]) : text);
}

function saveAsSvg(place) {
  Plotly.downloadImage(place, { format: "svg", filename: document.title });
}

const config = {
  responsive: true, displaylogo: false, scrollZoom: false,
  modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"],
  toImageButtonOptions: { format: "png", scale: 2 },
  modeBarButtonsToAdd: [{ name: "Save as SVG", title: "Save as SVG", icon: { width: 24, height: 24, path: "M12 16l5-5h-3V4h-4v7H7zM5 18h14v2H5z" }, click: saveAsSvg }],
};

function draw({ place, text }, isDark, width) {
  const figure = figureOf(text, isDark);
  if (width) figure.layout.width = width;
  else if (place.clientWidth < PHONE) narrow(figure.layout);
  return Plotly.react(place, figure.data, figure.layout, config);
}

// On a phone a finger scrolls the page: it must not zoom a figure by accident.
function narrow(layout) {
  layout.dragmode = false;
  layout.font = { ...layout.font, size: 11 };
  for (const note of layout.annotations ?? []) {
    if (note.xref === "paper") note.font = { ...note.font, size: 9 };
  }
}

async function unpack(id) {
  const packed = Uint8Array.from(atob(document.getElementById(id).textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

async function drawAll() {
  const script = document.createElement("script");
  script.textContent = await unpack("plotly");
  document.head.append(script);
  const figures = JSON.parse(await unpack("figures"));
  plots = figures.map((figure, index) => ({ place: places[index], text: JSON.stringify(figure) }));
  for (const plot of plots) await draw(plot, dark.matches);
  dark.addEventListener("change", () => plots.forEach((plot) => draw(plot, dark.matches)));
  window.addEventListener("beforeprint", () => plots.forEach((plot) => draw(plot, false, 680)));
  window.addEventListener("afterprint", () => plots.forEach((plot) => draw(plot, dark.matches)));
  document.documentElement.dataset.drawn = plots.length;
}

drawAll().catch((error) => {
  for (const place of places) {
    place.classList.add("empty");
    place.textContent = "This browser cannot draw the figure; the sentence below says what it shows. (" + error + ")";
  }
});
