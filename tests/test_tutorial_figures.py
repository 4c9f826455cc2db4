"""What the figures of docs/experiments/learning.py claim, asked of the same numbers."""
import numpy as np
import pytest

from docs.experiments import common, learning
from docs.experiments.learning import FRAMES, STILLS, history_of
from scratch_mlp import inference, load_XOR_data

X, y = load_XOR_data()
CLAIMED = {"hidden_dim": 10, "learning_rate": 2.0, "num_epochs": 10_000, "num_samples": 300}
pytestmark = pytest.mark.skipif(not CLAIMED.items() <= common.PUBLISHED.items(),
                                reason="other settings are published: do the captions still hold?")


def test_short_steps_creep_right_ones_arrive_and_long_ones_jump_across_and_end_higher():
    side = np.linspace(-1.5, 1.9, 341)
    losses, slopes = np.transpose([learning.one_weight(w) for w in side])
    np.testing.assert_allclose(np.gradient(losses, side)[1:-1], slopes[1:-1], atol=1e-5)
    short, right, long = (np.array(learning.descent(rate)) - side[losses.argmin()] for rate in learning.RATES)
    assert short[-1] / short[0] > 0.8 > 0.1 > right[-1] / right[0] > 0
    assert np.all(long[1:] * long[:-1] < 0)
    assert learning.one_weight(learning.descent(60)[-1])[0] > learning.one_weight(learning.descent(60)[0])[0]


def test_boundaries_are_straight_at_first_and_bent_at_last_and_mistakes_are_near_the_axes():
    points = np.c_[common.plane(3.3, 50), np.ones(2500)]
    for frame, lowest, highest in ((FRAMES[0], 0.96, 1), (FRAMES[2], 0, 0.8)):
        for flags in STILLS.values():
            signs = 2 * inference(points[:, :2], *history_of(flags)[frame].weights) - 1
            assert lowest < np.mean(np.sign(points @ np.linalg.lstsq(points, signs, rcond=None)[0]) == signs) < highest
    assert 0.7 < history_of(STILLS[2])[-1].test_accuracy < 0.8
    assert np.mean(np.abs(learning.mistakes(history_of("")[-1].weights)[0]).min(axis=1) < 0.1) > 0.9
