// Draws the figures in the colours of the theme, and again when theme or width change.
(() => {
  const text = document.getElementById("figures").textContent;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;

  function draw() {
    root.dataset.theme = dark.matches ? "dark" : "light";
    const style = getComputedStyle(root);
    const names = ["data", "band", "odd", "text", "muted", "line", "surface"];
    const colours = new Map(names.map((name) => [`<${name}>`, style.getPropertyValue(`--${name}`).trim()]));
    const figures = JSON.parse(text, (_, value) => colours.get(value) ?? value);
    figures.forEach(({ data, layout }, at) => {
      const target = document.getElementById(`figure-${at}`);
      layout.width = target.clientWidth;
      layout.hoverlabel = { align: "left", bgcolor: colours.get("<surface>"), font: { color: colours.get("<text>") } };
      Plotly.react(target, data, layout, { displayModeBar: false, doubleClick: "reset", showTips: false });
    });
  }

  function fit() {
    for (const target of document.querySelectorAll(".chart")) Plotly.relayout(target, { width: target.clientWidth });
  }

  draw();
  dark.addEventListener("change", draw);
  addEventListener("resize", fit);
  addEventListener("beforeprint", fit);
})();
