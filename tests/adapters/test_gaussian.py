"""The Gaussian with text as its prior: by hand, against its definition, and what changes nothing."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.few_shots import FewShots, few_shots
from clipcoder.adapters import gaussian
from clipcoder.adapters.gaussian import GaussianGrid, GaussianSettings, choose, fit, leave_one_out
from clipcoder.adapters.gaussian.weights import non_negative_weights, softening
from clipcoder.arrays import unit_rows
from clipcoder.errors import InvalidInputError

EAST, NORTH = [1.0, 0.0], [0.0, 1.0]
PLAIN = GaussianSettings(kappa=1, nu=2, slope=0.5, shrinkage=0, likelihood_weight=1, zero_shot_weight=0)

some_settings = st.builds(
    GaussianSettings,
    kappa=st.sampled_from([0.5, 1, 8]),
    nu=st.sampled_from([1, 30]),
    slope=st.sampled_from([0.0, 0.3, 1.0]),
    shrinkage=st.sampled_from([0.1, 1.0]),
    likelihood_weight=st.sampled_from([1.0, 0.2]),
    zero_shot_weight=st.sampled_from([0.0, 0.1]),
)


def by_definition(problem: FewShots, settings: GaussianSettings, query: np.ndarray) -> np.ndarray:
    """The logits as the package states them, class by class; up to what all classes share."""
    images, labels, texts, generic, weight = problem
    s, dim, classes = settings, images.shape[1], range(len(texts))
    prior = (1 - s.shrinkage) * generic + s.shrinkage * np.trace(generic) / dim * np.eye(dim)
    scatter, means, freedom = s.nu * prior, [], s.nu
    middle = np.average(images, axis=0, weights=weight)
    for c in classes:
        x, w = images[labels == c], weight[labels == c]
        text = s.slope * (texts[c] - texts.mean(axis=0)) + middle
        means.append((s.kappa * text + w @ x) / (s.kappa + w.sum()))
        freedom += max(w.sum() - 1, 0)
        if len(x):
            apart = x - np.average(x, axis=0, weights=w)
            scatter = scatter + apart.T @ (w[:, None] * apart)
    precision = freedom * np.linalg.inv(scatter)
    distances = [np.einsum("nd,de,ne->n", query - m, precision, query - m) for m in means]
    likelihood = -np.stack(distances, axis=1) / 2
    likelihood += np.einsum("nd,de,ne->n", query - middle, precision, query - middle)[:, None] / 2
    return s.likelihood_weight * likelihood + s.zero_shot_weight * 100 * query @ texts.T


def assert_close(found: np.ndarray, expected: np.ndarray) -> None:
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=2e-5 * max(1, np.abs(expected).max()))


def arguments(problem: FewShots) -> dict[str, np.ndarray]:
    return {"generic": problem.generic, "sample_weight": problem.sample_weight}


def test_by_hand():
    # Mean image (1/2, 1/2). Texts (1, 0) and (0, 1) are 1/2 from their mean in each coordinate, half of which
    # (slope) is 1/4; so with kappa 1 and one image (1/2 from the mean) class means are 3/8 from the mean
    # image: v = +-(3/8, -3/8). No scatter; S = 2 I, f = 2, f P = I. East is z = (1/2, -1/2) from it:
    # +-z.v - v.v / 2 = +-3/8 - 9/64.
    head = fit([EAST, NORTH], [0, 1], [EAST, NORTH], PLAIN, generic=np.eye(2))
    np.testing.assert_allclose(head.scores([EAST]), [[15 / 64, -33 / 64]], rtol=1e-6)


def test_zero_shot_logits_come_on_top_by_hand():
    settings = replace(PLAIN, likelihood_weight=0, zero_shot_weight=0.5)
    np.testing.assert_allclose(
        fit([EAST], [0], [EAST, NORTH], settings).scores([[3, 4]]), [[30, 40]], rtol=1e-6
    )


def test_leave_one_out_by_hand():
    # Without the last image (north) the mean image is east, the mean of class 0 too (z = r = 0 for those that
    # stay), so with slope 0 all means are east and nothing tells the classes apart.
    scores = leave_one_out([EAST, EAST, NORTH], [0, 0, 1], [EAST, NORTH], replace(PLAIN, slope=0))
    np.testing.assert_allclose(scores[2], [0, 0], atol=1e-6)
    assert scores[0, 0] > scores[0, 1]


@given(few_shots(), some_settings)
def test_scores_are_those_of_the_definition(problem: FewShots, settings: GaussianSettings):
    head = fit(*problem[:3], settings, **arguments(problem))
    assert_close(head.scores(problem.images), by_definition(problem, settings, problem.images))


@given(few_shots(), some_settings)
def test_leave_one_out_equals_refits(problem: FewShots, settings: GaussianSettings):
    closed = leave_one_out(*problem[:3], settings, **arguments(problem))
    assert_close(closed, refitted(problem, settings))


@given(few_shots(least_shots=2), some_settings)
def test_leave_one_out_equals_refits_where_texts_do_not_count(problem: FewShots, settings: GaussianSettings):
    no_text = replace(settings, kappa=0)
    assert_close(leave_one_out(*problem[:3], no_text, **arguments(problem)), refitted(problem, no_text))


def refitted(problem: FewShots, settings: GaussianSettings) -> np.ndarray:
    images, labels, texts, generic, weight = problem
    rows = []
    for i in range(len(images)):
        rest = np.arange(len(images)) != i
        others = FewShots(images[rest], labels[rest], texts, generic, weight[rest])
        rows.append(by_definition(others, settings, images[i : i + 1])[0])
    return np.array(rows)


@given(few_shots(), some_settings, st.randoms(use_true_random=False))
def test_the_order_of_classes_orders_the_columns_and_nothing_else(problem: FewShots, settings, random):
    images, labels, texts, *_ = problem
    place = np.array(random.sample(range(len(texts)), len(texts)))
    moved = np.empty_like(texts)
    moved[place] = texts
    for rule in (leave_one_out, lambda *a, **k: fit(*a, **k).scores(images)):
        plain = rule(images, labels, texts, settings, generic=problem.generic)
        assert_close(rule(images, place[labels], moved, settings, generic=problem.generic)[:, place], plain)


@given(few_shots(), some_settings, st.integers(0, 99))
def test_a_turn_of_the_space_changes_nothing(problem: FewShots, settings: GaussianSettings, seed: int):
    images, labels, texts, generic, _ = problem
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=generic.shape))[0]
    plain = fit(images, labels, texts, settings, generic=generic).scores(images)
    turned = fit(images @ turn, labels, texts @ turn, settings, generic=turn.T @ generic @ turn)
    assert_close(turned.scores(images @ turn), plain)
    blind = fit(images @ turn, labels, texts @ turn, settings).scores(images @ turn)
    assert_close(blind, fit(images, labels, texts, settings).scores(images))


@given(few_shots(), some_settings)
def test_an_image_of_weight_two_is_that_image_twice(problem: FewShots, settings: GaussianSettings):
    images, labels, texts, generic, _ = problem
    weight = np.where(np.arange(len(labels)) == 0, 2.0, 1.0)
    once = fit(images, labels, texts, settings, generic=generic, sample_weight=weight)
    twice = fit([images[0], *images], [labels[0], *labels], texts, settings, generic=generic)
    assert_close(once.scores(images), twice.scores(images))


@given(few_shots(), some_settings, st.floats(1e-3, 1e3))
def test_the_scale_of_images_does_not_matter(problem: FewShots, settings: GaussianSettings, scale: float):
    images, labels, texts, *_ = problem
    scaled = leave_one_out(images * scale, labels, texts, settings)
    np.testing.assert_allclose(scaled, leave_one_out(images, labels, texts, settings), rtol=1e-3, atol=1e-3)


def test_a_text_stands_in_for_a_class_without_an_image():
    head = fit([EAST, EAST], [0, 0], [EAST, NORTH], replace(PLAIN, slope=1))
    assert head.scores([EAST, NORTH]).argmax(axis=1).tolist() == [0, 1]


def test_a_single_class_is_always_right():
    assert fit([EAST, NORTH], [0, 0], [EAST]).scores([NORTH]).shape == (1, 1)
    assert leave_one_out([EAST, NORTH], [0, 0], [EAST]).shape == (2, 1)
    assert choose([EAST, NORTH], [0, 0], [EAST]) == gaussian.GaussianChoice(GaussianSettings(), None, 0)


def blobs(shots: int, *, noise: float = 0.3, seed: int = 0) -> FewShots:
    """Six classes of images about their texts, in 8 dimensions."""
    rng = np.random.default_rng(seed)
    texts = np.eye(6, 8)
    labels = np.repeat(np.arange(6), shots)
    images = texts[labels] + noise * rng.normal(size=(len(labels), 8))
    return FewShots(images, labels, texts, np.eye(8) / 8, np.ones(len(labels)))


def likelihood(problem: FewShots, settings: GaussianSettings) -> float:
    """The mean log-probability of the true class by leave-one-out."""
    scores = leave_one_out(*problem[:3], settings, **arguments(problem)).astype(np.float64)
    scores -= scores[np.arange(len(scores)), problem.labels][:, None]
    return float(-np.log(np.exp(scores).sum(axis=1)).mean())


def test_the_chosen_settings_are_the_most_likely_of_the_grid():
    problem = blobs(4)
    chosen = choose(*problem[:3], **arguments(problem))
    assert chosen.judged == 24
    assert chosen.log_likelihood == pytest.approx(likelihood(problem, chosen.settings), abs=0.01)
    for kappa in (0, 1, 16):
        for nu in (300, 3000):
            for weights in ((0.01, 0.1), (0.1, 0), (0, 0.1)):
                rival = GaussianSettings(kappa, nu, 0.3, 0.1, *weights)
                assert likelihood(problem, rival) < chosen.log_likelihood + 0.01


def test_texts_that_mislead_are_given_up():
    problem = blobs(8)
    misled = problem._replace(prototypes=problem.prototypes[::-1])
    settings = choose(*misled[:3], **arguments(misled)).settings
    assert settings.zero_shot_weight < 0.01
    assert settings.kappa * settings.slope < 0.5
    assert (fit(*misled[:3], settings).scores(misled.images).argmax(axis=1) == misled.labels).mean() > 0.9


def test_without_a_generic_covariance_one_shrinkage_is_all():
    problem, grid = blobs(3), GaussianGrid(nu=(300, 1000), slope=(0.3,), shrinkage=(0.5, 0.1, 1))
    given = choose(*problem[:3], generic=problem.generic, grid=grid)  # which is I / d as well
    assumed = choose(*problem[:3], grid=grid)
    assert assumed.settings.shrinkage == 0.5
    assert assumed.log_likelihood == pytest.approx(given.log_likelihood, abs=1e-6)


def only_softened(settings: GaussianSettings) -> bool:
    return replace(settings, likelihood_weight=0.05) == GaussianSettings()


def test_with_one_shot_the_texts_tell_how_far_to_soften():
    problem = blobs(1)
    choice = choose(*problem[:3])
    assert only_softened(choice.settings)
    assert choice.log_likelihood is None
    assert choice.judged == 0
    misled = choose(problem.images, problem.labels, problem.prototypes[::-1])
    assert misled.settings.likelihood_weight < choice.settings.likelihood_weight


def test_with_two_shots_leave_one_out_tells_how_far_to_soften():
    problem = blobs(2)
    choice = choose(*problem[:3])
    assert only_softened(choice.settings)
    assert choice.judged == 12
    assert choice.log_likelihood == pytest.approx(likelihood(problem, choice.settings), abs=1e-3)
    noisier = blobs(2, noise=1.5)
    assert choose(*noisier[:3]).settings.likelihood_weight < choice.settings.likelihood_weight


@pytest.mark.parametrize(("more", "judged"), [(3, 0), (4, 5)])
def test_images_are_judged_once_half_of_them_have_company(more: int, judged: int):
    lone = blobs(1)
    again = blobs(more, seed=1)
    images = np.concatenate([lone.images, again.images[:more]])  # more of class 0, the other five have one
    assert choose(images, [*lone.labels, *[0] * more], lone.prototypes).judged == judged


@pytest.mark.parametrize(("doubled", "all_chosen"), [(2, True), (4, False)])
def test_all_settings_are_chosen_once_half_of_the_images_have_two_others(doubled: int, all_chosen: bool):
    problem = blobs(3)
    stays = (np.arange(18) % 3 > 0) | (problem.labels >= doubled)
    choice = choose(problem.images[stays], problem.labels[stays], problem.prototypes)
    assert choice.judged == stays.sum()
    assert only_softened(choice.settings) is not all_chosen


def test_kappa_0_is_tried_only_where_every_class_keeps_an_image():
    problem = blobs(3)
    grid = GaussianGrid(kappa=(0,), nu=(300,), shrinkage=(0.3,))
    assert choose(*problem[:3], grid=grid).settings.kappa == 0
    assert choose(problem.images[2:], problem.labels[2:], problem.prototypes, grid=grid).judged == 0


@pytest.mark.parametrize("shots", [1, 2, 3])
def test_useless_logits_leave_the_defaults(shots: int):
    image = np.random.default_rng(0).normal(size=(1, 3))
    images = np.repeat(image, 2 * shots, axis=0)  # all alike: nothing to tell classes apart by
    settings = choose(images, np.repeat([0, 1], shots), np.zeros((2, 3))).settings
    assert only_softened(settings)
    assert settings.likelihood_weight == pytest.approx(0.05 if shots > 1 else 0.0375, rel=0.01)


@pytest.mark.parametrize("shots", [2, 3, 4, 16])
@pytest.mark.parametrize("seed", range(4))
def test_random_labels_leave_zero_shot_classification(shots: int, seed: int):
    problem = wide_blobs(shots, seed=seed)
    labels = np.random.default_rng(seed).permutation(problem.labels)
    choice = choose(problem.images, labels, problem.prototypes)
    head = fit(problem.images, labels, problem.prototypes, choice.settings)
    zero_shot = unit_rows(problem.images, "images") @ problem.prototypes.T
    np.testing.assert_array_equal(head.scores(problem.images).argmax(axis=1), zero_shot.argmax(axis=1))
    assert choice.judged == len(labels)
    assert choice.log_likelihood == pytest.approx(
        likelihood(problem._replace(labels=labels), choice.settings), abs=1e-3
    )


@pytest.mark.parametrize("shots", [1, 2, 4, 16])
def test_labels_that_hold_are_not_taken_for_noise(shots: int):
    problem = wide_blobs(shots)
    for texts in (problem.prototypes, problem.prototypes[::-1]):  # nor where it is the texts that say nothing
        settings = choose(problem.images, problem.labels, texts).settings
        assert settings.likelihood_weight > 0
        found = fit(problem.images, problem.labels, texts, settings).scores(problem.images).argmax(axis=1)
        assert (found == problem.labels).mean() > 0.8


def wide_blobs(shots: int, *, seed: int = 0) -> FewShots:
    """Thirty classes of images about their texts, in 32 dimensions."""
    rng = np.random.default_rng(seed)
    texts = np.eye(30, 32)
    labels = np.repeat(np.arange(30), shots)
    images = texts[labels] + 0.2 * rng.normal(size=(len(labels), 32))
    return FewShots(images, labels, texts, np.eye(32) / 32, np.ones(len(labels)))


def test_fitted_weights_are_where_the_slope_vanishes():
    rng = np.random.default_rng(1)
    labels, weight = rng.integers(0, 4, 300), rng.uniform(0.5, 2, 300)
    logits = rng.normal(size=(2, 300, 4)) + np.array([1.0, 0.5])[:, None, None] * np.eye(4)[labels]
    loss, best = non_negative_weights(logits, labels, weight)

    def by_hand(theta: np.ndarray) -> float:
        total = np.tensordot(theta, logits, 1)
        surprise = np.log(np.exp(total).sum(axis=1)) - total[np.arange(300), labels]
        return float(np.average(surprise, weights=weight))

    assert loss == pytest.approx(by_hand(best), abs=1e-3)
    for step in ([0.05, 0], [-0.05, 0], [0, 0.05], [0, -0.05]):
        assert by_hand(best + step) > by_hand(best)


def test_a_softening_is_where_the_likelihood_and_what_is_expected_balance():
    rng = np.random.default_rng(2)
    labels, weight = rng.integers(0, 4, 40), rng.uniform(0.5, 2, 40)
    logits = rng.normal(size=(40, 4)) + 2 * np.eye(4)[labels]
    loss, best = softening(logits, labels, weight, 0.3)

    def by_hand(theta: float) -> float:
        surprise = np.log(np.exp(theta * logits).sum(axis=1)) - theta * logits[np.arange(40), labels]
        return float(weight @ surprise)

    def with_expected(theta: float) -> float:
        return by_hand(theta) + 15 / 2 * np.log(theta / 0.3) ** 2

    assert loss == pytest.approx(by_hand(best) / weight.sum())
    for step in (0.9, 1.1):
        assert with_expected(step * best) > with_expected(best)


def test_weights_of_a_perfect_kind_stay_finite():
    logits = np.stack([np.eye(3), np.zeros((3, 3))])
    loss, weights = non_negative_weights(logits, np.arange(3), np.ones(3))
    assert 0 < loss < 0.1
    assert np.isfinite(weights).all()


# Some images of many


@given(few_shots(), some_settings, st.integers(0, 11))
def test_some_images_are_scored_as_among_all(problem: FewShots, settings: GaussianSettings, last: int):
    rows = np.arange(len(problem.labels))[: last + 1][::-2]
    everything = leave_one_out(*problem[:3], settings, **arguments(problem))
    assert_close(leave_one_out(*problem[:3], settings, **arguments(problem), rows=rows), everything[rows])


def test_a_few_images_at_a_time_make_no_difference(monkeypatch: pytest.MonkeyPatch):
    problem = blobs(3)
    left_out, scores = leave_one_out(*problem[:3]), fit(*problem[:3]).scores(problem.images)
    for module in ("leave_one_out", "statistics"):
        monkeypatch.setattr(import_module(f"clipcoder.adapters.gaussian.{module}"), "_AT_ONCE", 24)
    assert_close(leave_one_out(*problem[:3]), left_out)
    assert_close(fit(*problem[:3]).scores(problem.images), scores)


def test_settings_are_chosen_by_some_images_as_by_all_if_these_are_like_the_others():
    problem = blobs(4)
    twice = problem._replace(
        images=np.tile(problem.images, (2, 1)),
        labels=np.tile(problem.labels, 2),
        sample_weight=np.ones(48),
    )
    whole = choose(*twice[:3], **arguments(twice))
    half = choose(*twice[:3], **arguments(twice), rows=np.arange(24))
    assert (whole.judged, half.judged) == (48, 24)
    assert half.grounds == whole.grounds == "all"
    assert half.log_likelihood == pytest.approx(whole.log_likelihood, abs=0.01)
    assert half.settings.kappa == whole.settings.kappa


@pytest.mark.parametrize("shots", [2, 4])
def test_only_the_images_that_are_asked_for_tell_the_settings(shots: int):
    problem = blobs(shots)
    rows = np.arange(0, len(problem.labels), 2)
    choice = choose(*problem[:3], rows=rows)
    scores = leave_one_out(*problem[:3], choice.settings, rows=rows).astype(np.float64)
    scores -= scores[np.arange(len(rows)), problem.labels[rows]][:, None]
    assert choice.log_likelihood == pytest.approx(-np.log(np.exp(scores).sum(axis=1)).mean(), abs=0.01)
    assert choice.judged == len(rows)


def test_kappa_0_needs_another_image_in_every_class_not_only_in_those_that_are_judged():
    problem, grid = blobs(4), GaussianGrid(kappa=(0,), nu=(300,), shrinkage=(0.3,))
    with_one_alone = problem.images[3:], problem.labels[3:], problem.prototypes
    judged = np.arange(5, 21)
    assert choose(*problem[:3], grid=grid, rows=judged).grounds == "all"
    assert choose(*with_one_alone, grid=grid, rows=judged).judged == 0


def test_images_that_are_alone_in_their_classes_tell_the_temperature_by_texts():
    problem = blobs(1)
    images, labels = np.concatenate([problem.images, problem.images[:5]]), [*problem.labels, *range(5)]
    choice = choose(images, labels, problem.prototypes, rows=np.array([5]))
    assert only_softened(choice.settings)
    assert choice.judged == 0
    assert choice.settings.likelihood_weight > 0


def test_settings_out_of_range_are_refused():
    with pytest.raises(InvalidInputError, match="kappa must be a number, 0 or more, not -1"):
        GaussianSettings(kappa=-1)
    with pytest.raises(InvalidInputError, match="nu must be above 0"):
        GaussianSettings(nu=0)
    with pytest.raises(InvalidInputError, match=r"at most 1, not 1\.5"):
        GaussianGrid(shrinkage=(0.1, 1.5))
    with pytest.raises(InvalidInputError, match="at least one slope"):
        GaussianGrid(slope=())


def test_a_class_with_nothing_is_refused():
    with pytest.raises(InvalidInputError, match="class 1 has none; raise kappa"):
        fit([EAST], [0], [EAST, NORTH], replace(PLAIN, kappa=0))
    with pytest.raises(InvalidInputError, match="needs two images of every class, but class 1 has one"):
        leave_one_out([EAST, EAST, NORTH], [0, 0, 1], [EAST, NORTH], replace(PLAIN, kappa=0))


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(InvalidInputError, match="at least one image"):
        fit(np.empty((0, 2)), [], [EAST])
    with pytest.raises(InvalidInputError, match="at least two images"):
        leave_one_out([EAST], [0], [EAST])
    with pytest.raises(InvalidInputError, match="sample_weight must hold one positive number"):
        fit([EAST], [0], [EAST], sample_weight=[0])
    with pytest.raises(InvalidInputError, match="sample_weight must hold one positive number"):
        fit([EAST], [0], [EAST], sample_weight=[1, 1])
    with pytest.raises(InvalidInputError, match=r"generic must be .* shape \(2, 2\)"):
        fit([EAST], [0], [EAST], generic=[[1, 2], [0, 1]])
    with pytest.raises(InvalidInputError, match="raise the shrinkage"):
        fit([EAST], [0], [EAST], PLAIN, generic=np.diag([1.0, 0.0]))
    with pytest.raises(InvalidInputError, match="raise the shrinkage"):
        fit([EAST], [0], [EAST], PLAIN, generic=-np.eye(2))
    with pytest.raises(InvalidInputError, match="images must have 2 columns"):
        fit([EAST], [0], [EAST]).scores([[1, 0, 0]])
