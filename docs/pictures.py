"""Draw the pictures of the README again: `make pictures`. Takes about three minutes."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from compare.figures import slope_figure, style
from compare.figures.gallery.opening import draw_opening
from compare.question.audit import audit
from compare.question.experiments import shipped
from compare.sweep import load_sweep, run_sweep
from compare.sweep.telling.picture import draw_sweep
from compare.theory import slope_study

HERE = Path(__file__).parent
OPENING = ("relu-right-way", "relu-backward", "leaky-backward", "momentum-from-10", "jump")
DARK = (13, 17, 23)  # of pages in dark mode
# The rotation of hues by half a turn, as CSS' hue-rotate(180deg) has it: 2 L - 1 with L the luminance in each row.
LUMINANCE = np.array([0.213, 0.715, 0.072])
HALF_A_TURN = 2 * np.tile(LUMINANCE, (3, 1)) - np.eye(3)


def main() -> None:
    """Write opening.png, slopes.png and map.png beside this file, on white, and each with -dark on a dark page."""
    trajectories = {finding.case.id: finding.trajectory for finding in audit(shipped(), recorder=None)}
    with TemporaryDirectory() as name:
        folder = Path(name)
        figure = style.file_figure((8.4, 4.0))
        draw_opening(figure, *(trajectories[id] for id in OPENING), side_by_side=True)
        style.save_png(figure, folder / "opening.png")
        figure = style.file_figure((9.0, 7.2))
        slope_figure(slope_study(), slope_study(bias=True), figure=figure)
        style.save_png(figure, folder / "slopes.png")
        draw_sweep(run_sweep(load_sweep("relu-sgd")), folder / "map.png", background="none")
        for picture in ("opening", "slopes", "map"):
            with Image.open(folder / f"{picture}.png") as image:
                pixels = np.asarray(image.convert("RGBA")) / 255
            _write(HERE / f"{picture}.png", pixels[..., :3], pixels[..., 3:], (255, 255, 255))
            _write(HERE / f"{picture}-dark.png", in_the_dark(pixels[..., :3]), pixels[..., 3:], DARK)


def in_the_dark(colours: np.ndarray) -> np.ndarray:
    """Light for dark, the hues as they are: what a page does by invert(1) hue-rotate(180deg)."""
    return np.asarray(np.clip((1 - colours) @ HALF_A_TURN.T, 0, 1))


def _write(path: Path, colours: np.ndarray, alpha: np.ndarray, page: tuple[int, int, int]) -> None:
    """Lay a transparent picture on a page, in few enough colours to be small."""
    laid = colours * alpha + (1 - alpha) * np.array(page) / 255
    image = Image.fromarray(np.round(255 * laid).astype(np.uint8))
    image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
