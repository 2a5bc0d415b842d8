//! Metrics against `golden/metrics.json`, which `golden/metrics.py` wrote with scikit-learn.

use chainrule_train::metrics::{ClassMetrics, ValueMetrics};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    classifiers: Vec<Classifier>,
    regressions: Vec<Regression>,
}

#[derive(Deserialize)]
struct Classifier {
    scores: Vec<Vec<f64>>,
    labels: Vec<u32>,
    top: usize,
    accuracy: f64,
    top_k: f64,
    #[serde(rename = "macro")]
    means: [f64; 3],
    per_class: Vec<[f64; 4]>,
    roc_auc: f64,
    confusion: Vec<Vec<u64>>,
}

#[derive(Deserialize)]
struct Regression {
    wanted: Vec<Vec<f64>>,
    predicted: Vec<Vec<f64>>,
    mse: f64,
    mae: f64,
    r2: f64,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden/metrics.json")).unwrap()
}

#[track_caller]
fn assert_close(found: f64, expected: f64) {
    let allowed = 1e-12 * expected.abs().max(1e-3);
    assert!((found - expected).abs() <= allowed, "{found} is not {expected}");
}

fn added(case: &Classifier) -> ClassMetrics {
    let mut metrics = ClassMetrics::new(case.confusion.len(), case.top).with_roc_auc();
    for (scores, &label) in case.scores.iter().zip(&case.labels) {
        metrics.add(scores, label).unwrap();
    }
    metrics
}

#[test]
fn classes_agree_with_scikit_learn() {
    let cases = golden().classifiers;
    assert_eq!(cases.len(), 4);
    for case in cases {
        let found = added(&case).finish();
        assert_eq!(found.examples, case.labels.len() as u64);
        assert_close(found.accuracy, case.accuracy);
        assert_close(found.top_k.share, case.top_k);
        for (found, expected) in [found.precision, found.recall, found.f1].iter().zip(case.means) {
            assert_close(*found, expected);
        }
        assert_eq!(found.per_class.len(), case.per_class.len());
        for (found, [precision, recall, f1, support]) in found.per_class.iter().zip(case.per_class)
        {
            assert_close(found.precision, precision);
            assert_close(found.recall, recall);
            assert_close(found.f1, f1);
            assert_close(found.support as f64, support);
        }
        assert_close(found.roc_auc.unwrap(), case.roc_auc);
        assert_eq!(found.confusion, case.confusion);
    }
}

#[test]
fn values_agree_with_scikit_learn() {
    let cases = golden().regressions;
    assert_eq!(cases.len(), 4);
    for case in cases {
        let mut metrics = ValueMetrics::new(case.wanted[0].len());
        for (predicted, wanted) in case.predicted.iter().zip(&case.wanted) {
            metrics.add(predicted, wanted).unwrap();
        }
        let found = metrics.finish();
        assert_close(found.mse, case.mse);
        assert_close(found.rmse, case.mse.sqrt());
        assert_close(found.mae, case.mae);
        // scikit-learn makes up a 1 or a 0 for values that are all the same.
        let is_constant = case.wanted.iter().all(|row| row == &case.wanted[0]);
        assert_eq!(found.r2.is_none(), is_constant);
        found.r2.into_iter().for_each(|r2| assert_close(r2, case.r2));
    }
}

#[test]
fn of_two_classes_logits_and_probabilities_give_the_same_area() {
    let [binary, ..] = &golden().classifiers[..] else { panic!("there is a case") };
    let mut metrics = ClassMetrics::new(2, 1).with_roc_auc();
    for (scores, &label) in binary.scores.iter().zip(&binary.labels) {
        // Any shift of both logits leaves the probabilities as they are.
        let shift = f64::from(label) * 3.0 - 1.0;
        let difference = (scores[1] / scores[0]).ln();
        // To steps that survive the shift: equal probabilities have equal logits up to rounding.
        let steps = f64::from(1 << 20);
        let difference = (difference * steps).round() / steps;
        metrics.add(&[shift, shift + difference], label).unwrap();
    }
    assert_close(metrics.finish().roc_auc.unwrap(), binary.roc_auc);
}

#[test]
fn an_area_that_is_not_defined_is_none() {
    let one_class = |scores: &[[f64; 2]]| {
        let mut metrics = ClassMetrics::new(2, 1).with_roc_auc();
        for scores in scores {
            metrics.add(scores, 0).unwrap();
        }
        metrics.finish().roc_auc
    };
    assert_eq!(one_class(&[]), None);
    assert_eq!(one_class(&[[0.5, 0.5], [0.1, 0.9]]), None);
    assert_eq!(one_class(&[[f64::NAN, 0.5]]), None);
}

#[test]
fn top_one_is_the_accuracy_even_with_ties() {
    let mut metrics = ClassMetrics::new(3, 1);
    for label in 0..3 {
        metrics.add(&[0.3, 0.3, 0.3], label).unwrap();
        metrics.add(&[0.1, 0.4, 0.4], label).unwrap();
    }
    let scores = metrics.finish();
    assert_eq!((scores.accuracy, scores.top_k.share), (1.0 / 3.0, 1.0 / 3.0));
    assert_eq!(scores.confusion, [[1, 1, 0], [1, 1, 0], [1, 1, 0]]);
}

#[test]
fn an_example_without_an_answer_is_wrong_and_in_no_column() {
    let mut metrics = ClassMetrics::new(2, 2);
    metrics.add(&[0.0, f64::NAN], 0).unwrap();
    metrics.add(&[f64::NAN, 0.0], 1).unwrap();
    metrics.add(&[1.0, 0.0], 0).unwrap();
    let scores = metrics.finish();
    assert_eq!((scores.examples, scores.unanswered), (3, 2));
    assert_eq!((scores.accuracy, scores.top_k.share), (1.0 / 3.0, 1.0 / 3.0));
    assert_eq!(scores.confusion, [[1, 0], [0, 0]]);
    assert_eq!(scores.per_class[0].recall, 0.5);
}

#[test]
fn logits_rank_examples_where_probabilities_round_to_one_number() {
    let mut metrics = ClassMetrics::new(3, 1).with_roc_auc();
    for (logit, label) in [(40.0, 1), (41.0, 0), (1e-17, 1), (2e-17, 0)] {
        metrics.add_logits(&[logit, 0.0, 0.0], label).unwrap();
    }
    // Of the first class: 41 lies above 40 and 10⁻¹⁷, 2·10⁻¹⁷ above the latter alone.
    let [first, rest] = [3.0 / 4.0, 1.0 / 4.0];
    // The second class falls as the first rises; of the third there is no example.
    assert_eq!(metrics.finish().roc_auc, Some((first + (1.0 - rest)) / 2.0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_area_is_the_share_of_pairs_in_order(
        rows in prop::collection::vec((prop::collection::vec(-3..3_i32, 3), 0..3_u32), 0..30),
    ) {
        let mut metrics = ClassMetrics::new(3, 1).with_roc_auc();
        for (scores, label) in &rows {
            let scores: Vec<f64> = scores.iter().map(|&score| f64::from(score)).collect();
            metrics.add(&scores, *label).unwrap();
        }
        let mut areas = Vec::new();
        for class in 0..3 {
            let (mut pairs, mut ordered) = (0.0, 0.0);
            for (inside, _) in rows.iter().filter(|(_, label)| *label as usize == class) {
                for (outside, _) in rows.iter().filter(|(_, label)| *label as usize != class) {
                    pairs += 1.0;
                    ordered += match inside[class].cmp(&outside[class]) {
                        std::cmp::Ordering::Greater => 1.0,
                        std::cmp::Ordering::Equal => 0.5,
                        std::cmp::Ordering::Less => 0.0,
                    };
                }
            }
            if pairs > 0.0 {
                areas.push(ordered / pairs);
            }
        }
        let found = metrics.finish().roc_auc;
        prop_assert_eq!(found.is_none(), areas.is_empty());
        if let Some(found) = found {
            assert_close(found, areas.iter().sum::<f64>() / areas.len() as f64);
        }
    }
}
