"""Draw the pictures of the README again: `make pictures`. Takes about three minutes."""

from pathlib import Path
from tempfile import TemporaryDirectory

from compare.figures import draw_all, slope_figure, style
from compare.question.audit import audit
from compare.question.experiments import shipped
from compare.sweep import load_sweep, run_sweep
from compare.sweep.telling.picture import draw_sweep
from compare.theory import slope_study

HERE = Path(__file__).parent


def main() -> None:
    """Write opening.png, slopes.png and map.png beside this file."""
    trajectories = {finding.case.id: finding.trajectory for finding in audit(shipped(), recorder=None)}
    with TemporaryDirectory() as folder:
        opening = draw_all(trajectories, folder)[0]
        (HERE / "opening.png").write_bytes(opening.path.read_bytes())
    figure = slope_figure(slope_study(), slope_study(bias=True), figure=style.new_figure(9.0, 7.2))
    figure.savefig(HERE / "slopes.png", metadata={"Software": None})
    draw_sweep(run_sweep(load_sweep("relu-sgd")), HERE / "map.png")


if __name__ == "__main__":
    main()
