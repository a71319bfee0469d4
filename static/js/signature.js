// A box to draw a signature in. It is kept as strokes of points, across 0 to 1 and down 0 to 0.4.
const HIGH = 0.4;
const box = document.querySelector("[data-signature]");
const field = document.querySelector('input[name="drawn"]');

function begin() {
  box.hidden = false;
  const canvas = box.querySelector("canvas");
  const pad = new SignaturePad(canvas, { minWidth: 0.8, maxWidth: 2.6, minDistance: 3 });

  const within = (value, most) => Number(Math.min(Math.max(value, 0), most).toFixed(4));

  function keep() {
    const wide = canvas.clientWidth;
    const strokes = pad.toData().map(({ points }) =>
      points.map(({ x, y }) => [within(x / wide, 1), within(y / wide, HIGH)]),
    );
    field.value = strokes.length ? JSON.stringify(strokes) : "";
  }

  function kept() {
    try {
      return JSON.parse(field.value || "[]");
    } catch {
      return [];
    }
  }

  // Also when the phone is turned, the theme changes, or the page comes back with what was drawn before.
  function draw() {
    const wide = canvas.clientWidth;
    const dense = Math.max(window.devicePixelRatio || 1, 1);
    canvas.width = wide * dense;
    canvas.height = wide * HIGH * dense;
    canvas.getContext("2d").scale(dense, dense);
    pad.penColor = getComputedStyle(canvas).color;
    const { penColor, dotSize, minWidth, maxWidth, velocityFilterWeight } = pad;
    const manner = { penColor, dotSize, minWidth, maxWidth, velocityFilterWeight, compositeOperation: "source-over" };
    const strokes = kept().map((stroke) => ({
      ...manner,
      points: stroke.map(([x, y], at) => ({ x: x * wide, y: y * wide, pressure: 0.5, time: at * 16 + 1 })),
    }));
    pad.fromData(strokes);
  }

  pad.addEventListener("endStroke", keep);
  box.querySelector("[data-clear]").addEventListener("click", () => {
    pad.clear();
    keep();
  });
  new ResizeObserver(draw).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

// Without the drawing the typed name is enough.
if (box && field && window.SignaturePad) begin();
