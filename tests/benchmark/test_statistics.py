"""Intervals and p-values: worked by hand where that can be, and against what is known of their spread."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from clipcoder.benchmark import statistics
from clipcoder.benchmark.statistics import Estimate, Outcomes, bootstrap, holm
from clipcoder.errors import InvalidInputError

Right = npt.NDArray[np.bool_]


def coins(share: float, runs: int = 1, images: int = 400, seed: int = 0) -> Right:
    return np.random.default_rng(seed).random((runs, images)) < share


def test_the_value_is_the_share_of_right_ones_over_runs_and_images() -> None:
    right = np.array([[True, False, True, True], [True, False, False, False]])
    (estimate,) = bootstrap([Outcomes(right, (1, 2))], resamples=20)
    assert estimate.value == 0.5
    assert estimate.replicates.shape == (20,)


def test_images_spread_as_a_binomial_does() -> None:
    right = coins(0.7)
    (estimate,) = bootstrap([Outcomes(right)])
    share = right.mean()
    assert estimate.replicates.mean() == pytest.approx(share, abs=0.001)
    assert estimate.replicates.std() == pytest.approx(np.sqrt(share * (1 - share) / 400), rel=0.03)


def test_seeds_spread_as_the_mean_of_so_few_does() -> None:
    shares = np.array([0.2, 0.5, 0.8])  # each seed right on all images or, in that share, on none
    right = np.zeros((3, 10_000), bool)
    for run, share in enumerate(shares):
        right[run, : int(share * 10_000)] = True
    (estimate,) = bootstrap([Outcomes(right, (1, 2, 3))], resamples=4000)
    assert estimate.replicates.std() == pytest.approx(np.std(shares, ddof=1) / np.sqrt(3), rel=0.05)


def test_two_methods_on_the_same_images_and_seeds_are_paired() -> None:
    right = coins(0.6, runs=3)
    better = right.copy()
    better[:, :8] = True  # never worse
    worse, improved = bootstrap([Outcomes(right, (1, 2, 3)), Outcomes(better, (1, 2, 3))])
    gain = improved - worse
    assert gain.value == pytest.approx((better & ~right).mean())
    assert gain.replicates.min() >= 0
    assert gain.replicates.std() < worse.replicates.std() / 3


def test_a_method_without_seeds_is_paired_with_one_that_has_some() -> None:
    right = coins(0.6)
    fixed, drawn = bootstrap([Outcomes(right), Outcomes(np.repeat(right, 3, axis=0), (1, 2, 3))])
    assert (drawn - fixed).replicates == pytest.approx(0)


def test_equal_methods_do_not_differ() -> None:
    one, other = bootstrap([Outcomes(coins(0.6)), Outcomes(coins(0.6))], resamples=99)
    assert (one - other).p_value == 1


def test_a_difference_of_one_side_has_the_smallest_p_value() -> None:
    worse, better = bootstrap([Outcomes(coins(0.1)), Outcomes(coins(0.9))], resamples=99)
    assert (better - worse).p_value == (worse - better).p_value == pytest.approx(0.02)


def test_p_values_of_no_difference_are_seldom_small() -> None:
    small = 0
    for trial in range(100):
        one, other = (Outcomes(coins(0.5, images=200, seed=seed)) for seed in (2 * trial, 2 * trial + 1))
        first, second = bootstrap([one, other], resamples=400, stream=str(trial))
        small += (first - second).p_value < 0.05
    assert small <= 12  # 5 are expected


def test_the_interval_leaves_a_fortieth_out_on_each_side() -> None:
    estimate = Estimate(0.5, np.linspace(0, 1, 1001))
    assert estimate.interval == pytest.approx((0.025, 0.975))


def test_the_mean_of_data_sets_is_unweighted_and_spreads_less_than_each() -> None:
    small, large = (
        bootstrap([Outcomes(coins(share, images=images))], stream=name)[0]
        for share, images, name in ((0.9, 100, "small"), (0.1, 1000, "large"))
    )
    mean = Estimate.mean([small, large])
    assert mean.value == pytest.approx((small.value + large.value) / 2)
    independent = np.hypot(small.replicates.std(), large.replicates.std()) / 2
    assert mean.replicates.std() == pytest.approx(independent, rel=0.05)


def test_replicates_are_the_same_every_time_and_in_every_company() -> None:
    one, other = Outcomes(coins(0.6, 3), (1, 2, 3)), Outcomes(coins(0.4, seed=1))
    alone = bootstrap([one], resamples=50, stream="pets")[0]
    together = bootstrap([other, one], resamples=50, stream="pets")[1]
    assert alone.replicates.tolist() == together.replicates.tolist()
    assert alone.replicates.tolist() != bootstrap([one], resamples=50)[0].replicates.tolist()


def test_more_images_than_fit_in_memory_at_once_are_resampled_in_batches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(statistics, "_BATCH", 1000)
    (estimate,) = bootstrap([Outcomes(coins(0.5))], resamples=501)
    assert estimate.replicates.shape == (501,)
    assert estimate.replicates.std() == pytest.approx(0.025, rel=0.15)


def test_no_methods_have_no_estimates() -> None:
    assert bootstrap([]) == ()


def test_methods_on_different_images_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"paired image by image.*\[300, 400\] images"):
        bootstrap([Outcomes(coins(0.5)), Outcomes(coins(0.5, images=300))])


@pytest.mark.parametrize("right", [coins(0.5)[0], coins(0.5, runs=2), np.zeros((1, 0), bool)])
def test_outcomes_of_another_shape_are_refused(right: Right) -> None:
    with pytest.raises(InvalidInputError, match="one row for each of 1 seeds and at least one image"):
        Outcomes(right)


def test_a_seed_twice_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"a seed of its own.*\(1, 1\)"):
        Outcomes(coins(0.5, runs=2), (1, 1))


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))


def test_holm_never_exceeds_one_and_takes_nothing() -> None:
    assert holm([0.9, 0.8]) == (1.0, 1.0)
    assert holm([]) == ()
