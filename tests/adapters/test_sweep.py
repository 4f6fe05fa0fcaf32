"""The exact sweep: steps by hand, never worse than any grid, and what it does at its edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder.adapters import sweep
from clipcoder.adapters.cache import cache_logits, leave_one_out, tip_affinity
from clipcoder.adapters.sweep import AlphaChoice, best_alpha, best_alpha_beta
from clipcoder.errors import InvalidInputError

SEEDS = st.integers(0, 2**32 - 1)
GRID = np.append(0, np.geomspace(1e-3, 1e3, 3000))


def accuracy(base, cache, labels, alpha) -> float:
    logits = np.asarray(base, float) + alpha * np.asarray(cache, float)
    return float((logits.argmax(axis=1) == labels).mean())


@st.composite
def problems(draw, min_classes: int = 1):
    """Logits (n, C) twice, without ties, and labels that both know something of."""
    rng = np.random.default_rng(draw(SEEDS))
    n_rows, n_classes = draw(st.integers(1, 40)), draw(st.integers(min_classes, 6))
    labels = rng.integers(0, n_classes, n_rows)
    hints = draw(st.floats(0, 2)) * np.eye(n_classes)[labels]
    base, cache = rng.standard_normal((2, n_rows, n_classes)) + hints
    return base.astype(np.float32), cache.astype(np.float32), labels


@st.composite
def ties(draw, reach: int = 2):
    """Small whole numbers: many rows change at the same alpha, and many logits are equal there."""
    rng = np.random.default_rng(draw(SEEDS))
    shape = draw(st.integers(1, 30)), draw(st.integers(1, 4))
    return rng.integers(-8, 9, shape), rng.integers(0, reach + 1, shape), rng.integers(0, shape[1], shape[0])


def test_one_row_that_the_cache_corrects_by_hand():
    # Class 1 leads where 2 alpha > 6. The spread of base is 3 and that of cache 1, so from the share 1/2 of
    # alpha = 3 to 0 the middle is 1/4, which alpha = 9 has.
    choice = best_alpha([[6, 0]], [[0, 2]], [1])
    assert choice == AlphaChoice(pytest.approx(9), 1, np.nextafter(3, 4), np.inf, pytest.approx(0.5))


def test_the_widest_step_wins_by_hand():
    # Row 0 is right below 1, row 1 above 1/4 and below 2, row 2 above 1/2: all three from 1/2 to 1.
    base = [[1, 0, 0], [2, 0.25, 0], [0.5, 0, 0]]
    cache = [[0, 1, 0], [1, 8, 0], [0, 1, 0]]
    choice = best_alpha(base, cache, [0, 1, 1])
    assert choice.accuracy == 1
    assert (choice.low, choice.high) == (np.nextafter(0.5, 1), 1)
    assert 0.5 < choice.alpha < 1


@pytest.mark.parametrize(("base", "cache", "step"), [(0, 0, (np.nextafter(3, 4), np.inf)), (0, 10, (0, 1))])
def test_of_steps_as_good_the_widest_in_units_of_the_spread_wins(base: float, cache: float, step):
    # Row 0 is right up to 1 and row 1 above 3, never both; row 2 always, and it shifts what a usual alpha is.
    choice = best_alpha([[1, 0], [3, 0], [base, 0]], [[0, 1], [0, 1], [cache, 0]], [0, 1, 0])
    assert (choice.accuracy, choice.low, choice.high) == (2 / 3, *step)


def test_a_row_that_is_tied_for_ever_makes_no_step():
    # Row 0 overtakes class 2 at 1 but never class 0, to which its ties go.
    choice = best_alpha([[0, 0, 1], [5, 0, 0]], [[1, 1, 0], [0, 0, 0]], [1, 0])
    assert (choice.accuracy, choice.low, choice.high) == (0.5, 0, np.inf)


@pytest.mark.parametrize("meeting", [2.0**-40, 0.7, 2.0**40])
def test_a_single_alpha_is_hit_however_small_or_large_it_is(meeting: float):
    crossing = np.float32(meeting)
    base = [[crossing, 0], [0, crossing], [1, 0]]
    assert best_alpha(base, [[0, 1], [1, 0], [0, 0]], [0, 0, 0]).alpha == crossing


def test_two_rows_that_meet_in_a_single_alpha():
    # Equal logits go to class 0, so row 0 is right up to 1 and row 1 from 1 on, both with their end.
    choice = best_alpha([[1, 0], [0, 1]], [[0, 1], [1, 0]], [0, 0])
    assert (choice.alpha, choice.accuracy, choice.low, choice.high) == (1, 1, 1, 1)


def test_two_rows_that_do_not_quite_meet():
    # The same for class 1, which loses where logits are equal: nothing is right for both.
    choice = best_alpha([[0, 1], [1, 0]], [[1, 0], [0, 1]], [1, 1])
    assert choice.accuracy == 0.5
    assert choice.alpha != 1


def test_a_promise_that_rounded_sums_do_not_keep_is_not_made():
    # Both rows are right at 1/6 and nowhere else, but 7/6 and 1 + 1/6 are not equal in float64.
    base, cache, labels = [[0, 1], [1, 0]], [[7, 1], [1, 7]], [0, 0]
    assert accuracy(base, cache, labels, 1 / 6) == 0.5
    choice = best_alpha(base, cache, labels)
    assert choice.accuracy == 0.5
    assert choice.width > 0.1


@given(problems())
def test_no_grid_is_better(problem):
    choice = best_alpha(*problem)
    assert choice.accuracy >= max(accuracy(*problem, alpha) for alpha in GRID)


@given(ties())
def test_with_ties_it_is_as_good_as_all_alphas_one_by_one(problem):
    # All crossings are multiples of 1/2 up to 16, so the multiples of 1/4 see every step and every edge.
    best = max(accuracy(*problem, alpha) for alpha in np.arange(0, 17, 0.25))
    assert best_alpha(*problem).accuracy == best


@given(st.one_of(problems(), ties(), ties(reach=40)))
def test_the_accuracy_is_that_of_the_sum(problem):
    choice = best_alpha(*problem)
    assert choice.accuracy == accuracy(*problem, choice.alpha)
    assert choice.low <= choice.alpha <= choice.high
    assert np.isfinite(choice.alpha)


@given(problems())
def test_from_low_to_high_the_same_images_are_right_and_beyond_they_are_not(problem):
    base, cache, labels = (np.asarray(part) for part in problem)

    def right(alpha):
        return ((base + float(alpha) * cache.astype(float)).argmax(axis=1) == labels).tolist()

    choice = best_alpha(*problem)
    inside = right(choice.alpha)
    if choice.low > 0:
        assert right(choice.low * (1 + 1e-9)) == inside
        assert right(choice.low * (1 - 1e-9)) != inside
    if np.isfinite(choice.high):
        assert right(choice.high * (1 - 1e-9)) == inside
        assert right(choice.high * (1 + 1e-9)) != inside
    else:
        assert right(1e6 * (choice.alpha + 1)) == inside


@given(ties(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(problem, random):
    order = random.sample(range(len(problem[2])), len(problem[2]))
    moved = best_alpha(*(part[order] for part in problem))
    assert moved.accuracy == best_alpha(*problem).accuracy
    assert moved.alpha == pytest.approx(best_alpha(*problem).alpha)


@given(problems(), st.randoms(use_true_random=False))
def test_without_ties_the_order_of_classes_does_not_matter(problem, random):
    base, cache, labels = problem
    place = np.array(random.sample(range(base.shape[1]), base.shape[1]))
    back = np.argsort(place)
    moved, kept = best_alpha(base[:, back], cache[:, back], place[labels]), best_alpha(*problem)
    assert moved.accuracy == kept.accuracy
    assert moved.alpha == pytest.approx(kept.alpha)


@given(problems(min_classes=2), st.integers(-20, 20))
def test_the_unit_of_the_cache_is_that_of_alpha(problem, power: int):
    base, cache, labels = problem
    kept, scaled = best_alpha(*problem), best_alpha(base, cache * 2.0**power, labels)
    assert scaled.alpha * 2.0**power == pytest.approx(kept.alpha, rel=1e-9, abs=1e-9)
    assert (scaled.accuracy, scaled.width) == (kept.accuracy, pytest.approx(kept.width))


@given(ties(), SEEDS)
def test_what_all_classes_of_a_row_have_in_common_does_not_matter(problem, seed: int):
    base, cache, labels = problem
    common = np.random.default_rng(seed).integers(-5, 6, (2, len(base), 1))
    assert best_alpha(base + common[0], cache + common[1], labels) == best_alpha(*problem)


@given(problems(), st.integers(1, 50))
def test_the_size_of_batches_does_not_matter(problem, size: int):
    whole = best_alpha(*problem)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweep, "_LOGITS_AT_ONCE", size)
        assert best_alpha(*problem) == whole


@given(problems(), st.floats(0, 3))
def test_alpha_keeps_below_its_maximum(problem, most: float):
    choice, allowed = best_alpha(*problem, max_alpha=most), np.minimum(GRID, most)
    assert choice.low <= choice.alpha <= choice.high <= most
    assert choice.accuracy >= max(accuracy(*problem, alpha) for alpha in allowed)


def test_a_maximum_itself_is_allowed():
    assert best_alpha([[2, 0]], [[1, 2]], [1], max_alpha=2.5).high == 2.5
    assert best_alpha([[0, 2]], [[2, 1]], [0], max_alpha=2).alpha == 2
    assert best_alpha([[0, 2]], [[2, 1]], [0], max_alpha=0) == AlphaChoice(0, 0, 0, 0, 0)


def test_one_class_is_always_right():
    choice = best_alpha([[3], [4]], [[1], [0]], [0, 0])
    assert choice == AlphaChoice(alpha=1, accuracy=1, low=0, high=np.inf, width=1)


def test_a_cache_that_says_nothing_changes_nothing():
    choice = best_alpha([[1, 0], [1, 0]], np.ones((2, 2)), [0, 1])
    assert (choice.accuracy, choice.low, choice.high) == (0.5, 0, np.inf)


def test_equal_logits_throughout_are_class_0():
    assert best_alpha(np.ones((2, 3)), np.ones((2, 3)), [0, 2]).accuracy == 0.5


def test_where_nothing_is_ever_right_any_alpha_will_do():
    choice = best_alpha([[1, 0]], [[1, 0]], [1])
    assert (choice.accuracy, choice.low, choice.high) == (0, 0, np.inf)


def test_labels_that_are_all_equal_are_fine():
    base, cache = np.random.default_rng(0).standard_normal((2, 20, 3))
    labels = np.full(20, 2)
    assert best_alpha(base, cache, labels).accuracy >= max(accuracy(base, cache, labels, a) for a in GRID)


def test_numbers_at_the_ends_of_float32_are_fine():
    choice = best_alpha([[3e38, -3e38]], [[0, 1e-45]], [1])
    assert choice.accuracy == 1
    assert np.isfinite(choice.alpha)


def supported(seed: int, n_classes: int = 4):
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((n_classes, 6))
    support_labels, labels = rng.integers(0, n_classes, (2, 25))
    support, images = (centres[index] + rng.standard_normal((25, 6)) for index in (support_labels, labels))
    base = tip_affinity(images, centres + rng.standard_normal((n_classes, 6)))
    return base, tip_affinity(images, support), support_labels, labels


@given(SEEDS)
def test_no_grid_of_alphas_and_betas_is_better(seed: int):
    base, affinity, support_labels, labels = supported(seed)
    betas = [0.5, 5, 50]
    beta, choice = best_alpha_beta(base, affinity, support_labels, labels, betas)
    of_beta = {b: cache_logits(affinity, support_labels, 4, b) for b in betas}
    assert choice.accuracy == accuracy(base, of_beta[beta], labels, choice.alpha)
    assert choice.accuracy >= max(accuracy(base, of_beta[b], labels, a) for b in betas for a in GRID[::20])


def test_of_betas_as_good_the_one_with_the_widest_step_then_the_first_is_taken():
    base, affinity, support_labels, labels = supported(1)
    betas = [20, 1, 5, 1]
    choices = {b: best_alpha(base, cache_logits(affinity, support_labels, 4, b), labels) for b in betas}
    best = max((c.accuracy, c.width) for c in choices.values())
    beta, choice = best_alpha_beta(base, affinity, support_labels, labels, iter(betas))
    assert (choice.accuracy, choice.width) == best
    assert choice == choices[beta]
    # One class is right with any beta.
    assert best_alpha_beta([[0]], [[1]], [0], [0], [3, 2])[0] == 3


def test_weights_and_maximum_are_passed_on():
    base, affinity, support_labels, labels = supported(2)
    weights = np.arange(25) % 3
    beta, choice = best_alpha_beta(
        base, affinity, support_labels, labels, [5], sample_weight=weights, max_alpha=0.1
    )
    votes = cache_logits(affinity, support_labels, 4, beta, sample_weight=weights)
    assert choice == best_alpha(base, votes, labels, max_alpha=0.1)


def test_a_support_set_that_votes_for_itself_believes_itself():
    rng = np.random.default_rng(0)
    images, labels = rng.standard_normal((40, 5)), rng.integers(0, 4, 40)  # nothing to be learned
    base, affinity = np.zeros((40, 4)), tip_affinity(images, images)
    assert best_alpha_beta(base, affinity, labels, labels, [50])[1].accuracy == 1
    assert best_alpha_beta(base, leave_one_out(affinity), labels, labels, [50])[1].accuracy < 0.5


def test_the_published_grid_is_not_better(golden):
    grid = golden["adapter_grid_alpha_beta_accuracy"]
    _, choice = best_alpha_beta(
        golden["clip_logits"],
        golden["coder_affinity_minmax"],
        golden["support_labels"],
        golden["labels"],
        betas=np.unique(grid[:, 1]),
    )
    assert 100 * choice.accuracy >= grid[:, 2].max()


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(InvalidInputError, match=r"one shape, \(n, C\), but theirs are \(1, 2\) and \(1, 3\)"):
        best_alpha([[1, 0]], [[1, 0, 0]], [0])
    with pytest.raises(InvalidInputError, match="labels must lie between 0 and 1"):
        best_alpha([[1, 0]], [[1, 0]], [2])
    with pytest.raises(InvalidInputError, match="at least one, but there is none"):
        best_alpha(np.empty((0, 2)), np.empty((0, 2)), [])
    with pytest.raises(InvalidInputError, match="cache must be finite"):
        best_alpha([[1, 0]], [[np.nan, 0]], [0])
    with pytest.raises(InvalidInputError, match="betas must hold at least one positive number"):
        best_alpha_beta([[1, 0]], [[1]], [0], [0], [])


@pytest.mark.parametrize("most", [-1, np.nan])
def test_a_maximum_below_zero_is_refused(most: float):
    with pytest.raises(InvalidInputError, match=f"max_alpha must be 0 or more, not {most}"):
        best_alpha([[1, 0]], [[1, 0]], [0], max_alpha=most)
