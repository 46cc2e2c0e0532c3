// Draws the figures in the colours of the theme, and again when theme or width change.
(() => {
  const text = document.getElementById("figures").textContent;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const names = ["data", "band", "odd", "text", "muted", "line", "surface"];
  let drawing = false;
  let outdated = false;

  function figures() {
    root.dataset.theme = dark.matches ? "dark" : "light";
    const style = getComputedStyle(root);
    const colours = new Map(names.map((name) => [`<${name}>`, style.getPropertyValue(`--${name}`).trim()]));
    return JSON.parse(text, (_, value) => colours.get(value) ?? value).map(({ data, layout }, at) => {
      const target = document.getElementById(`figure-${at}`);
      const hoverlabel = { align: "left", bgcolor: colours.get("<surface>"), font: { color: colours.get("<text>") } };
      // The same revision: what was zoomed stays so.
      return { target, data, layout: { ...layout, hoverlabel, uirevision: 1, width: target.clientWidth } };
    });
  }

  /** One drawing after the other: Plotly takes no second order before it has done the first. */
  async function draw() {
    outdated = true;
    if (drawing) return;
    drawing = true;
    while (outdated) {
      outdated = false;
      for (const { target, data, layout } of figures()) {
        await Plotly.react(target, data, layout, { displayModeBar: false, doubleClick: "reset", showTips: false });
      }
    }
    drawing = false;
  }

  draw();
  dark.addEventListener("change", draw);
  addEventListener("resize", draw);
  addEventListener("beforeprint", draw);
})();
