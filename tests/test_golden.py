"""Parity with the published implementation, on the values it computed from seeded random features."""

from __future__ import annotations

import numpy as np

from clipcoder.arrays import softmax
from clipcoder.coder import affinity, gram, minmax, represent
from clipcoder.rerank import PairDifferences, rerank
from clipcoder.zero_shot import clip_scores, heuristic_scores


def scores_of(golden):
    return heuristic_scores(golden["images"], golden["texts"], golden["text_class"], golden["text_kind"])


def reranked(golden, max_gap):
    pairs = PairDifferences.from_texts(
        golden["pair_texts"], golden["pair_first"], golden["pair_second"], golden["heuristic_scores"].shape[1]
    )
    return rerank(golden["images"], scores_of(golden), pairs, top_k=5, max_gap=max_gap)


def test_heuristic_scores(golden):
    np.testing.assert_allclose(scores_of(golden), golden["heuristic_scores"], rtol=0, atol=1e-4)


def test_softmax_gap_and_top_classes(golden):
    scores = scores_of(golden)
    best = np.sort(softmax(scores), axis=1)
    np.testing.assert_allclose(best[:, -1] - best[:, -2], golden["softmax_gap"], rtol=0, atol=1e-5)
    np.testing.assert_array_equal(np.argsort(-scores, axis=1)[:, :5], golden["top5"])


def test_rerank_choice_of_every_image(golden):
    np.testing.assert_array_equal(reranked(golden, np.inf), golden["rerank_choice"])


def test_prediction_where_only_close_calls_are_reranked(golden):
    np.testing.assert_array_equal(
        reranked(golden, float(golden["rerank_threshold"])), golden["reranked_prediction"]
    )
    assert (golden["reranked_prediction"] != golden["rerank_choice"]).any()
    assert (golden["reranked_prediction"] != golden["top5"][:, 0]).any()


def test_minmax_affinity_through_the_gram_matrix(golden):
    through_gram = minmax(affinity(golden["images"], golden["support_images"], gram(golden["texts"])))
    np.testing.assert_allclose(through_gram, golden["coder_affinity_minmax"], rtol=0, atol=1e-5)


def test_minmax_affinity_through_the_coders_themselves(golden):
    def unit(rows):
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    images, support = (
        unit(represent(golden[name], golden["texts"])) for name in ("images", "support_images")
    )
    np.testing.assert_allclose(minmax(images @ support.T), golden["coder_affinity_minmax"], rtol=0, atol=1e-5)


def test_clip_logits(golden):
    logits = clip_scores(golden["images"], golden["texts"], golden["text_class"], golden["text_kind"])
    np.testing.assert_allclose(logits, golden["clip_logits"], rtol=0, atol=1e-4)
