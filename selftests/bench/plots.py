# SPDX-License-Identifier: GPL-2.0
"""The pictures of report: latency, load and throughput, as PNG and SVG.

Lines where points make some, which is the latency against the load that is
offered and the throughput against the length of a message; else bars.  Needs
Debian's python3-matplotlib.
"""
import collections
import sys

MEASURES = ("latency", "paced", "flood")

# Of a measure, what its lines go along, and in words.
ALONG = {
    "paced": ("offered", "messages a second, offered"),
    "flood": ("len", "bytes of a message"),
}
LINES = {"rate", "mbytes", "each.p50", "each.p99", "cpu_us"}
FEW = 3     # points make no line


def curves(measure, parts):
    """What becomes lines: metric and rows that differ in one thing only."""
    along = ALONG.get(measure, (None,))[0]
    for metric, rows in parts:
        sorts = collections.OrderedDict()
        for row in rows:
            key = tuple((word, value) for word, value in row.key.items()
                        if word != along)
            sorts.setdefault(key, []).append(row)
        for some in sorts.values():
            if along and metric.path in LINES and len(some) >= FEW:
                yield metric, some


def save(results, prefix):
    """A picture for each measure."""
    try:
        import matplotlib
    except ImportError:
        sys.exit("report: install python3-matplotlib")
    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "cpg"
    import matplotlib.pyplot as plt
    parts = collections.defaultdict(list)
    for metric, rows in results.by_metric():
        parts[metric.measure].append((metric, rows))
    for measure in MEASURES:
        lines = list(curves(measure, parts[measure]))
        if lines:
            picture(plt, results, prefix + measure, 4, [
                lambda axis, metric=metric, rows=rows:
                draw_lines(axis, measure, metric, rows, results)
                for metric, rows in lines])
        elif parts[measure]:
            most = max(len(rows) for _, rows in parts[measure])
            picture(plt, results, prefix + measure, 2 + 0.6 * most, [
                lambda axis, metric=metric, rows=rows:
                draw_bars(axis, metric, rows, results)
                for metric, rows in parts[measure]])


def picture(plt, results, name, height, draws):
    """Several axes in rows of two or three, and where it all comes from."""
    across = 2 if len(draws) == 4 else min(len(draws), 3)
    down = -(-len(draws) // across)
    fig, axes = plt.subplots(down, across, squeeze=False,
                             figsize=(4.5 * across, height * down))
    cells = list(axes.flat)
    for axis, draw in zip(cells, draws):
        draw(axis)
    for axis in cells[len(draws):]:
        axis.set_axis_off()
    found = {}
    for axis in cells:
        found.update(zip(*reversed(axis.get_legend_handles_labels())))
    fig.text(0.01, 0.005, origin(results), fontsize=6)
    inch = 1 / (height * down)
    fig.legend(found.values(), found.keys(), loc="lower center",
               bbox_to_anchor=(0.5, 0.15 * inch), ncol=len(found))
    fig.tight_layout(rect=(0, 0.6 * inch, 1, 1))
    for ending in ("png", "svg"):
        meta = {"Date": None} if ending == "svg" else None
        fig.savefig(f"{name}.{ending}", metadata=meta, dpi=80)
    plt.close(fig)


def origin(results):
    """In few words; the tables have the commands."""
    words = []
    for word, text in (("date", ""), ("commit", "commit "),
                       ("kernel", "Linux "), ("lane", "lane ")):
        words.append(text + " ".join(sorted({run[word] for run in
                                             results.runs})))
    if results.exact:
        words.append("1 us is 1000 instructions")
    return ", ".join(words)


def title(metric, rest=""):
    """Of an axis."""
    unit = f", {metric.unit}" if metric.unit else ""
    return f"{metric.title}{unit}{rest}"


def draw_lines(axis, measure, metric, rows, results):
    """A line for each system."""
    along, words = ALONG[measure]
    rows = sorted(rows, key=lambda row: row.key[along])
    for name in results.names():
        mine = [row for row in rows if row.values[name]]
        if mine:
            axis.plot([row.key[along] for row in mine],
                      [row.median(name) for row in mine], ".-", label=name,
                      color=results.color(name))
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlabel(words, fontsize=8)
    rest = rows[0].title({along})
    axis.set_title(title(metric, f"\n{rest}"), fontsize=9)
    axis.grid(True, alpha=0.4)


def draw_bars(axis, metric, rows, results):
    """One for each system and row, with the spread of the rounds."""
    names = results.names()
    step = 0.8 / len(names)
    for place, name in enumerate(names):
        mine = [(i, row) for i, row in enumerate(rows) if row.values[name]]
        if not mine:
            continue
        middle = [row.median(name) for _, row in mine]
        error = [[value - row.spread(name)[0] for value, (_, row) in
                  zip(middle, mine)],
                 [row.spread(name)[1] - value for value, (_, row) in
                  zip(middle, mine)]]
        axis.barh([i + place * step for i, _ in mine], middle, step * 0.9,
                  xerr=error, label=name, color=results.color(name),
                  error_kw={"elinewidth": 0.8})
    axis.set_yticks([i + 0.4 - step / 2 for i in range(len(rows))],
                    [row.title() for row in rows], fontsize=7)
    axis.invert_yaxis()
    axis.set_xscale("log")
    axis.set_title(title(metric), fontsize=9)
    axis.grid(True, axis="x", alpha=0.4)
