# SPDX-License-Identifier: MIT
"""The page of the early heap's life, as Chromium shows it: what lies under the pointer, the search, light and dark."""

import os
import platform
import re
import shutil
import subprocess
import warnings

import pytest

import heap_page
import heap_trace
import machine
from test_replay import churn

# As a snap, which is all that Ubuntu has, it sees no file of the tests. Elsewhere it is installed.
HAS_CHROMIUM = platform.freedesktop_os_release()["ID"] == "debian" or not os.path.realpath(
    shutil.which("chromium") or "/snap").endswith("/snap")
if not HAS_CHROMIUM:
    warnings.warn("no package of chromium here: how the page looks and acts in a browser is not tested")


def needs_browser(test):
    """The test, or nothing where there is no browser: what does not run counts as failed."""
    return test if HAS_CHROMIUM else None


PROBE = r"""
<script>
const say = (name, value) =>
  document.body.append(Object.assign(document.createElement("output"), {id: name, textContent: value}));
const point = (call, address) => over.dispatchEvent(new MouseEvent("mousemove", {
  clientX: base.getBoundingClientRect().left + x(call), clientY: base.getBoundingClientRect().top + y(address)}));
const paint = (call, address) =>
  [...base.getContext("2d").getImageData(x(call) * devicePixelRatio, y(address) * devicePixelRatio, 1, 1).data];
const block = data.blocks[data.blocks.length - 1];
point(block[BORN] + .5, block[OFFSET] + block[SIZE] / 2);
say("hovered", byId("hover").textContent);
point(.5, data.peak - 100);
say("earlier", paint(.5, data.peak - 100)[3]);
say("earlierHovered", byId("hover").textContent);
byId("search").value = "no such step";
byId("search").dispatchEvent(new Event("input"));
say("none", byId("found").textContent);
byId("search").value = data.tags[0].toUpperCase();
byId("search").dispatchEvent(new Event("input"));
say("some", byId("found").textContent);
say("dark", dark());
say("background", getComputedStyle(document.body).backgroundColor);
say("drawn", paint(block[BORN] + .5, block[OFFSET] + block[SIZE] / 2)[3]);
const start = performance.now();
draw();
base.getContext("2d").getImageData(0, 0, 1, 1);
say("draw", performance.now() - start);
for (let i = 0; i < 10; i++) point(i / 10 * calls, 100);
say("hover", (performance.now() - start - Number(byId("draw").textContent)) / 10);
say("requests", performance.getEntriesByType("resource").length);
</script>
"""


def trace_of(count):
    calls = churn(count)
    steps = heap_trace.replay(calls, heap_trace.LARGEST, 0)
    traced = [heap_trace.dataclasses.replace(call, offset=step.offset, used=step.used)
              for call, step in zip(calls, steps, strict=True)]
    return heap_trace.Trace(traced, heap_trace.Journal("kernel", 1 << 24, 0, 0, traced), 1 << 24, None)


def shown(trace, folder, *options):
    """What the probe says in Chromium, by name."""
    file = folder / "page.html"
    places = heap_trace.Places([], None, None)
    file.write_text(heap_page.page(trace, places).replace("</html>", PROBE + "</html>"), encoding="utf-8")
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1200,800",
               f"--user-data-dir={folder}/profile",
               *options, "--dump-dom", file.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return dict(re.findall(r'<output id="(\w+)">([^<]*)</output>', done.stdout))


@needs_browser
@pytest.mark.parametrize("options, dark", [([], "false"), (["--force-dark-mode"], "true")], ids=["light", "dark"])
def test_the_page_in_a_browser(options, dark, tmp_path):
    trace = trace_of(300)
    said = shown(trace, tmp_path, *options)
    blocks = heap_trace.blocks(trace)[0]
    assert said["hovered"].startswith(f"block {blocks[-1].number}, kernel: churn: {blocks[-1].size} bytes at offset 0x")
    assert said["none"] == f"0 of {len(blocks)} blocks" and said["some"] == f"{len(blocks)} of {len(blocks)} blocks"
    assert said["dark"] == dark and said["background"] == ("rgb(22, 24, 28)" if dark == "true" else "rgb(255, 255, 255)")
    assert int(said["drawn"]) > 128, "nothing was painted where the last block lies"
    assert said["requests"] == "0"


@needs_browser
def test_a_hundred_thousand_calls_without_lag(tmp_path):
    """To look under the pointer takes less than what a hand notices, also on a busy computer."""
    said = shown(trace_of(100_000), tmp_path)
    print(f"draw {said['draw']} ms, hover {said['hover']} ms")
    assert float(said["hover"]) < 50 and float(said["draw"]) < 1000


def test_marks_and_what_their_rewinds_took_are_drawn():
    trace = trace_of(3000)
    blocks, used = heap_trace.blocks(trace)
    marks = heap_trace.marks(trace)
    rewound = [mark for mark in marks if mark.rewound]
    assert len(rewound) > 5 and len(rewound) < len(marks)
    for mark in rewound:
        assert used[mark.closed] == mark.used
        inside = [block for block in blocks if mark.opened < block.born < mark.closed]
        assert all(block.gone <= mark.closed and block.died <= mark.closed for block in inside)
    drawn = heap_page.drawing(trace)
    assert drawn.count("<title>a mark, rewound</title>") == len(rewound)
    assert f"{len(marks)} marks of which {len(rewound)} were rewound" in drawn


def resized_trace():
    """A block of 3000 bytes, which shrinks to 1000, beside one that stays."""
    calls = [heap_trace.Call("a", "kernel", "list", 1, 3000, 1), heap_trace.Call("r", "kernel", "list", 1, 1000),
             heap_trace.Call("a", "kernel", "other", 2, 100, 1), heap_trace.Call("a", "kernel", "other", 3, 100, 1)]
    steps = heap_trace.replay(calls, heap_trace.LARGEST, 0)
    traced = [heap_trace.dataclasses.replace(call, offset=step.offset, used=step.used)
              for call, step in zip(calls, steps, strict=True)]
    return heap_trace.Trace(traced, heap_trace.Journal("kernel", 1 << 24, 0, 0, traced), 1 << 24, None)


def test_a_block_has_each_of_its_sizes_for_as_long_as_it_had_it():
    trace = resized_trace()
    first = heap_trace.blocks(trace)[0][0]
    assert first.phases(4) == [(0, 1, 3000), (1, 4, 1000)] and first.largest == 3000
    assert heap_page.drawing(trace).count("<title>kernel: list: ") == 2
    trace.linked, trace.failed = 2048, trace.calls[0]
    assert "3000 bytes no longer fitted" in heap_page.drawing(trace)


@needs_browser
def test_the_earlier_size_of_a_block_is_painted_and_found(tmp_path):
    said = shown(resized_trace(), tmp_path)
    assert said["hovered"].startswith("block 3, kernel: other: 100 bytes")
    assert int(said["earlier"]) > 128 and said["earlierHovered"].startswith("block 1, kernel: list: 1000 bytes")


def test_the_request_that_failed_is_marked():
    trace = trace_of(300)
    places = heap_trace.Places([], None, None)
    assert '"failing":null' in heap_page.page(trace, places) and "no longer fitted" not in heap_page.drawing(trace)
    blocks = heap_trace.blocks(trace)[0]
    first = next(number for number, block in enumerate(blocks) if block.offset + block.size > 4096)
    trace.linked, trace.failed = 4096, trace.calls[0]
    assert f'"failing":{first},' in heap_page.page(trace, places)
    assert f"{blocks[first].size} bytes no longer fitted" in heap_page.drawing(trace)


def test_nothing_of_a_log_becomes_part_of_the_page():
    trace = trace_of(10)
    trace.calls[0].tag = "</script><script>alert(1)</script>"
    places = heap_trace.Places([], None, None)
    assert "alert(1)</script>" not in heap_page.page(trace, places)


def test_every_run_names_its_page_last(tmp_path):
    file = tmp_path / "report.html"
    done = subprocess.run(["python3", "-B", "tests/harness/boot.py", "--name", "heap-page", "--report", str(file)],
                          cwd=machine.ROOT, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert lines[-1] == f"the early heap's life: {file}" and lines[-2].startswith("verdict: passed")
    assert not [line for line in lines if ": ledger " in line]
    assert any(line.startswith("early heap: ") for line in lines)
    assert "kernel: interrupts" in file.read_text(encoding="utf-8")
    assert file.with_suffix(".svg").read_text(encoding="utf-8").startswith("<svg ")
