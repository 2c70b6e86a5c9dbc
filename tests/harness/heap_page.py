# SPDX-License-Identifier: MIT
"""Pictures of the early heap's life: one HTML page without a network, an SVG, and a few lines for a terminal.

Across are the calls in their order, up are the addresses. A block is a rectangle from the call that took it to the one
that gave it back, coloured by what it was taken for. The page draws on a canvas, so that 100 000 calls are no more work
than the pixels they cover; it shows what lies under the pointer, and searches. Used by boot.py and replay.py.
"""

import json
import pathlib

import heap_trace
import svg

GOLDEN_ANGLE = 137.5  # degrees: neighbours in the list of tags get colours that differ much
BAR = 40  # characters
FIRST_HUE = 205  # far from the red of padding
SVG_BLOCKS_MAX = 2000  # more would only make the file large: the page has them all

PAGE = r"""<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>The early heap's life</title>
<style>
:root { color-scheme: light dark; --back: #fff; --fore: #1b1b1b; --dim: #6a6a6a; --grid: #ddd; --padding: #d33; --mark: #7a00c2; }
@media (prefers-color-scheme: dark) {
  :root { --back: #16181c; --fore: #e6e6e6; --dim: #9a9a9a; --grid: #33363c; --padding: #ff6b6b; --mark: #ffd84d; }
}
body { background: var(--back); color: var(--fore); font: 14px/1.45 system-ui, sans-serif; margin: 1.2rem; }
h1 { font-size: 1.2rem; margin: 0 0 .3rem; }
#picture { position: relative; width: 100%; height: 62vh; min-height: 260px; border: 1px solid var(--grid); }
canvas { position: absolute; width: 100%; height: 100%; }
#hover { min-height: 4.5em; font-family: ui-monospace, monospace; white-space: pre-wrap; margin: .5rem 0; }
#legend span { display: inline-block; margin: 0 .9rem .2rem 0; }
#legend i { display: inline-block; width: .8em; height: .8em; margin-right: .35em; border-radius: 2px; }
input { font: inherit; color: inherit; background: var(--back); border: 1px solid; padding: .15rem .4rem; }
p { margin: .3rem 0; } .dim { color: var(--dim); }
</style>
<h1>The early heap's life</h1>
<p id="summary"></p>
<p><input id="search" placeholder="search: step, function, file" size="32">
<label><input type="checkbox" id="whole"> the whole region</label> <span id="found" class="dim"></span></p>
<div id="picture"><canvas id="base"></canvas><canvas id="over"></canvas></div>
<div id="hover" class="dim">Point at a block.</div>
<div id="legend"></div>
<script id="data" type="application/json">@DATA@</script>
<script>
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const FIRST_HUE = 205; // far from the red of padding
const [NUMBER, TAG, CALLER, OFFSET, SIZE, ALIGN, PADDING, BORN, DIED, LOST, GONE, PHASES, LARGEST] =
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
const byId = name => document.getElementById(name);
const base = byId("base"), over = byId("over"), calls = data.used.length;
const style = name => getComputedStyle(document.documentElement).getPropertyValue(name);
const dark = () => matchMedia("(prefers-color-scheme: dark)").matches;
const shade = () => dark() ? "55% 58%" : "65% 45%";
const colour = (tag, strength) => `hsl(${(FIRST_HUE + tag * 137.5) % 360} ${shade()} / ${strength})`;
let highest = 1, width = 1, height = 1, wanted = "";
const x = call => call / calls * width, y = address => height - address / highest * height;
const gone = block => block[GONE] === null ? calls : block[GONE];
const end = block => block[DIED] === null ? calls : block[DIED];
// From which call to which a block had which size.
const phases = block => block[PHASES] || [[block[BORN], end(block), block[SIZE]]];
const sizeAt = (block, call) => phases(block).filter(([from]) => from <= call).pop()[2];
const words = block => (data.tags[block[TAG]] + " " + data.callers[block[CALLER]]).toLowerCase();
const matches = block => !wanted || words(block).includes(wanted);

function prepare(canvas) {
  const box = byId("picture").getBoundingClientRect(), ratio = devicePixelRatio || 1;
  [width, height] = [box.width, box.height];
  [canvas.width, canvas.height] = [width * ratio, height * ratio];
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  return pen;
}

function line(pen, address, words, stroke, dashes) {
  pen.strokeStyle = pen.fillStyle = stroke;
  pen.setLineDash(dashes);
  pen.beginPath(); pen.moveTo(0, y(address)); pen.lineTo(width, y(address)); pen.stroke();
  pen.font = "12px system-ui, sans-serif";
  pen.fillText(words, 6, y(address) < 18 ? y(address) + 13 : y(address) - 4);
}

// Each lies on what is behind it, so that it is seen whatever that is.
function drawMarks(pen) {
  pen.setLineDash([]);
  for (const [paint, thick] of [[style("--back"), 5], [style("--mark"), 2.5]])
    for (const [used, opened, closed, rewoundFrom] of data.marks) {
      const right = x(closed === null ? calls : closed);
      pen.strokeStyle = paint; pen.lineWidth = thick;
      pen.beginPath(); pen.moveTo(x(opened), y(used)); pen.lineTo(right, y(used));
      if (rewoundFrom !== null) pen.lineTo(right, y(rewoundFrom));
      pen.stroke();
    }
}

// The first block that the region had no room for.
function drawFailing(pen) {
  if (data.failing === null) return;
  const block = data.blocks[data.failing], left = x(block[BORN]), top = y(block[OFFSET] + block[LARGEST]);
  pen.strokeStyle = pen.fillStyle = style("--padding");
  pen.lineWidth = 2.5; pen.setLineDash([]);
  pen.strokeRect(left, top, x(end(block)) - left, Math.max(3, y(block[OFFSET]) - top));
  pen.textAlign = "right";
  pen.fillText(`${block[LARGEST]} bytes no longer fitted`, left - 6, top + 12);
  pen.textAlign = "left";
}

function draw() {
  highest = (byId("whole").checked ? Math.max(data.region, data.peak) : data.peak) * 1.06;
  const pen = prepare(base), padding = style("--padding"), back = style("--back");
  const paints = data.tags.map((_, tag) => [colour(tag, .12), colour(tag, .9), colour(tag, .3)]);
  const painted = new Uint8Array(Math.ceil(width + 1) * Math.ceil(height + 1)); // by blocks no larger than a pixel
  let found = 0;
  for (const block of data.blocks) {
    const is_match = matches(block), left = x(block[BORN]), top = y(block[OFFSET] + block[SIZE]);
    found += is_match;
    const wide = Math.max(1, x(end(block)) - left), tall = Math.max(.6, y(block[OFFSET]) - top);
    if (wide <= 1 && tall <= 1 && !block[PADDING] && !block[LOST] && !block[PHASES]) {
      const pixel = Math.floor(Math.max(0, top)) * Math.ceil(width + 1) + Math.floor(left), shade = 1 + is_match;
      if (painted[pixel] >= shade) continue;
      painted[pixel] = shade;
    }
    pen.fillStyle = paints[block[TAG]][+is_match];
    for (const [from, to, size] of phases(block)) {
      const edge = y(block[OFFSET] + size), long = Math.max(1, x(to) - x(from)), thick = Math.max(.6, y(block[OFFSET]) - edge);
      pen.fillRect(x(from), edge, long, thick);
      if (thick <= 4 || long <= 4) continue;
      pen.strokeStyle = back;
      pen.lineWidth = 1;
      pen.strokeRect(x(from), edge, long, thick);
    }
    if (block[PADDING]) {
      const thick = y(block[OFFSET] - block[PADDING]) - y(block[OFFSET]);
      pen.fillStyle = padding;
      pen.globalAlpha = Math.min(1, Math.max(.1, thick / .8)); // of less than a pixel as much as there is
      pen.fillRect(left, y(block[OFFSET]), x(gone(block)) - left, Math.max(.8, thick));
      pen.globalAlpha = 1;
    }
    if (block[LOST]) {
      pen.fillStyle = paints[block[TAG]][2];
      pen.fillRect(left + wide, top, x(gone(block)) - left - wide, tall);
    }
  }
  pen.strokeStyle = style("--fore"); pen.lineWidth = 1.5; pen.setLineDash([]);
  pen.beginPath();
  const every = Math.max(1, Math.floor(calls / (2 * width))); // two points for a pixel: the highest of what lies there
  for (let call = 0; call < calls; call += every) {
    const used = Math.max(...data.used.slice(call, call + every));
    pen.lineTo(x(call), y(used));
    pen.lineTo(x(Math.min(calls, call + every)), y(used));
  }
  pen.stroke();
  drawMarks(pen);
  line(pen, data.peak, `peak ${data.peak}`, style("--dim"), [4, 4]);
  line(pen, data.region, `end of the region, ${data.region}`, data.failed ? style("--padding") : style("--dim"), [8, 3]);
  drawFailing(pen);
  byId("found").textContent = wanted ? `${found} of ${data.blocks.length} blocks` : "";
  prepare(over);
}

function at(event) {
  const box = base.getBoundingClientRect();
  const call = (event.clientX - box.left) / width * calls, address = (height - (event.clientY - box.top)) / height * highest;
  let hit = null;
  for (const block of data.blocks)
    if (call >= block[BORN] && call < (block[LOST] ? gone(block) : end(block)) && address >= block[OFFSET] - block[PADDING]
        && address < block[OFFSET] + sizeAt(block, call)) hit = block;
  return hit;
}

over.addEventListener("mousemove", event => {
  const block = at(event), pen = prepare(over);
  if (!block) return;
  pen.strokeStyle = style("--fore"); pen.lineWidth = 2;
  const left = x(block[BORN]), top = y(block[OFFSET] + block[SIZE]);
  pen.strokeRect(left, top, x(end(block)) - left, y(block[OFFSET]) - top);
  byId("hover").textContent = `block ${block[NUMBER]}, ${data.tags[block[TAG]]}: ${block[SIZE]} bytes at offset 0x` +
    `${block[OFFSET].toString(16)}, alignment ${block[ALIGN]}, padding ${block[PADDING]}\n` +
    `by ${data.callers[block[CALLER]]}\nfrom call ${block[BORN]} ` +
    (block[DIED] === null ? "for good" : `to call ${block[DIED]}`) +
    (block[LOST] ? "; its bytes stayed taken" : "") + (block[GONE] === null ? "" : `; rewound at call ${block[GONE]}`);
});
byId("search").addEventListener("input", event => { wanted = event.target.value.toLowerCase(); draw(); });
byId("whole").addEventListener("change", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { legend(); draw(); });
addEventListener("resize", draw);

function legend() {
  const parts = data.tags.map((tag, number) => [colour(number, .9), tag]);
  parts.push([style("--padding"), "padding"]);
  if (data.marks.length) parts.push([style("--mark"), "a mark, until it is rewound (with an edge at its end) or kept"]);
  byId("legend").replaceChildren(...parts.map(([paint, words]) => {
    const entry = document.createElement("span"), box = document.createElement("i");
    box.style.background = paint;
    entry.append(box, words);
    return entry;
  }));
}
byId("summary").textContent = data.summary;
byId("whole").checked = data.region < 3 * data.peak;
legend();
draw();
</script>
</html>
"""


def summary(trace: heap_trace.Trace, blocks: list[heap_trace.Block], used: list[int]) -> str:
    needed = heap_trace.smallest(trace) // 1024
    taken = heap_trace.marks(trace)
    marks = f", {len(taken)} marks of which {sum(mark.rewound for mark in taken)} were rewound" if taken else ""
    words = (f"{len(blocks)} blocks{marks}; {used[-1]} bytes in use at the end, {max(used)} at the peak, "
             f"{sum(block.padding for block in blocks)} of padding; the region has {trace.linked // 1024} KiB, "
             f"{needed} KiB would do")
    if trace.failed:
        words += f"; {trace.failed.size} bytes for {trace.failed.tag} no longer fitted"
    return words


def failing(trace: heap_trace.Trace, blocks: list[heap_trace.Block]) -> int | None:
    """Which block was the first that the region had no room for; None: it had room for all."""
    beyond = (number for number, block in enumerate(blocks) if block.offset + block.largest > trace.linked)
    return next(beyond, None) if trace.failed else None


def tag_of(block: heap_trace.Block) -> str:
    return f"{block.by}: {block.tag}"


def page(trace: heap_trace.Trace, places: heap_trace.Places) -> str:
    blocks, used = heap_trace.blocks(trace)
    tags = list(dict.fromkeys(map(tag_of, blocks)))
    callers = list(dict.fromkeys(block.caller for block in blocks))
    data = {
        "summary": summary(trace, blocks, used),
        "region": trace.linked, "peak": max(used), "used": used,
        "failed": trace.failed is not None, "failing": failing(trace, blocks),
        "tags": tags, "callers": [places.of(caller) if caller else "several processors at once" for caller in callers],
        "blocks": [
            [block.number, tags.index(tag_of(block)), callers.index(block.caller), block.offset, block.size, block.align,
             block.padding, block.born, block.died, int(block.lost), block.gone,
             block.phases(len(used) if block.died is None else block.died) if block.sizes else None, block.largest]
            for block in blocks
        ],
        "marks": [[mark.used, mark.opened, mark.closed, used[mark.closed - 1] if mark.closed and mark.rewound else None]
                  for mark in heap_trace.marks(trace)],
    }
    # Nothing of a log can end the script or begin another.
    return PAGE.replace("@DATA@", json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"))


def drawing(trace: heap_trace.Trace) -> str:
    """The same as an SVG."""
    blocks, used = heap_trace.blocks(trace)
    width, height, left, top, bottom = 860.0, 420.0, 80.0, 46.0, 70.0
    highest = max(used) * 1.06
    tags = list(dict.fromkeys(map(tag_of, blocks)))
    canvas = svg.Drawing(width, height)

    def x(call: int) -> float:
        return left + call / len(used) * (width - left - 20)

    def y(address: float) -> float:
        return height - bottom - address / highest * (height - bottom - top)

    def fill(tag: str) -> str:
        return f"hsl({(FIRST_HUE + tags.index(tag) * GOLDEN_ANGLE) % 360:.0f},65%,45%)"

    words, _, rest = summary(trace, blocks, used).partition("; the region")
    canvas.text(left, 18, words, font_size=12)
    canvas.text(left, 34, f"the region{rest}", font_size=12)
    for block in blocks[-SVG_BLOCKS_MAX:]:
        end = len(used) if block.died is None else block.died
        title = f"{tag_of(block)}: {block.size} bytes at {block.offset:#x}, alignment {block.align}"
        for since, until, size in block.phases(end):
            canvas.rect(x(since), y(block.offset + size), max(1.0, x(until) - x(since)),
                        max(0.6, y(block.offset) - y(block.offset + size)), title, fill=fill(tag_of(block)))
        gone = len(used) if block.gone is None else block.gone
        if block.lost:
            canvas.rect(x(end), y(block.offset + block.size), x(gone) - x(end),
                        max(0.6, y(block.offset) - y(block.offset + block.size)), f"{title}, lost", fill=fill(tag_of(block)),
                        fill_opacity=0.25)
        if block.padding:
            thick = y(block.offset - block.padding) - y(block.offset)
            canvas.rect(x(block.born), y(block.offset), x(gone) - x(block.born), max(0.6, thick), "padding", fill="#d33",
                        fill_opacity=round(min(1.0, max(0.1, thick / 0.6)), 2))
    canvas.line([point for call, bytes_ in enumerate(used) for point in ((x(call), y(bytes_)), (x(call + 1), y(bytes_)))],
                "in use", stroke="black", stroke_width=1.5)
    for mark in heap_trace.marks(trace)[-SVG_BLOCKS_MAX:]:
        closed = len(used) if mark.closed is None else mark.closed
        upwards = [(x(closed), y(used[closed - 1]))] if mark.rewound else []
        canvas.line([(x(mark.opened), y(mark.used)), (x(closed), y(mark.used)), *upwards],
                    "a mark, rewound" if mark.rewound else "a mark, kept", stroke="#7a00c2", stroke_width=2)
    for address, words in ((max(used), "peak"), (trace.linked, "end of the region")):
        if address <= highest:
            canvas.line([(left, y(address)), (width - 20, y(address))], words, stroke="#666", stroke_dasharray="6 4")
            canvas.text(left + 4, y(address) - 4, f"{words} {address}", fill="#666", font_size=11)
    number = failing(trace, blocks)
    if number is not None:
        block = blocks[number]
        end = len(used) if block.died is None else block.died
        edge = y(block.offset + block.largest)
        canvas.rect(x(block.born), edge, x(end) - x(block.born), max(3.0, y(block.offset) - edge), "no longer fitted",
                    fill="none", stroke="#d33", stroke_width=2.5)
        canvas.text(x(block.born) - 6, edge - 3, f"{block.largest} bytes no longer fitted", fill="#d33", text_anchor="end")
    for share in (0.0, 0.5, 1.0):
        canvas.text(left - 6, y(max(used) * share) + 4, f"{max(used) * share:.0f}", text_anchor="end")
    at, row = left, height - 40
    legend = [(fill(tag), tag) for tag in tags] + [("#d33", "padding")]
    if heap_trace.marks(trace):
        legend.append(("#7a00c2", "mark"))
    for paint, words in legend:
        canvas.rect(at, row - 9, 10, 10, fill=paint)
        canvas.text(at + 14, row, words, font_size=11)
        at += 34 + 6 * len(words)
        if at > width - 150:
            at, row = left, row + 18
    return canvas.render()


def terminal_lines(trace: heap_trace.Trace) -> list[str]:
    """A bar for each step, the largest first."""
    blocks, used = heap_trace.blocks(trace)
    held: dict[str, int] = {}
    for block in blocks:
        held[tag_of(block)] = held.get(tag_of(block), 0) + (block.size if block.died is None else 0)
    held["padding"] = used[-1] - sum(held.values())
    rows = [f"early heap: {summary(trace, blocks, used)}"]
    for tag, bytes_ in sorted(held.items(), key=lambda item: -item[1]):
        bar = "#" * -(-BAR * bytes_ // max(1, max(used)))
        rows.append(f"  {tag:24.24} {bytes_:9} {bar}")
    return rows


def write(file: pathlib.Path, trace: heap_trace.Trace, places: heap_trace.Places) -> None:
    """The page, and beside it the SVG."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(page(trace, places), encoding="utf-8")
    file.with_suffix(".svg").write_text(drawing(trace), encoding="utf-8")
