//! Metrics of a model's outputs: of classes and of values, added up example by example.
//!
//! The definitions, and what stands for a division by zero, are those of scikit-learn
//! (`sklearn.metrics` with `zero_division=0`), which the tests compare with; but for R² of values that
//! are all equal, which nothing stands for.

use serde::{Deserialize, Serialize};

use chainrule::error::{Error, Result};
use chainrule::nn::Logits;

/// Adds up the outputs of a classifier.
///
/// ```
/// use chainrule_train::metrics::ClassMetrics;
/// let mut metrics = ClassMetrics::new(3, 2);
/// metrics.add(&[2.0, 0.5, -1.0], 0)?;
/// metrics.add(&[0.1, 0.2, 0.3], 1)?;
/// let scores = metrics.finish();
/// assert_eq!((scores.accuracy, scores.top_k.share), (0.5, 1.0));
/// assert_eq!(scores.confusion[1], [0, 0, 1]); // the example of class 1 was taken for class 2
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClassMetrics {
    classes: usize,
    top: usize,
    in_top: u64,
    confusion: Vec<Vec<u64>>,
    /// Examples of each class without an answer.
    unanswered: Vec<u64>,
    kept: Option<Kept>,
}

/// What ranks every example in each class, with its label.
#[derive(Clone, Debug, Default)]
struct Kept {
    ranks: Vec<f64>,
    labels: Vec<u32>,
}

/// The scores of a classifier. Each share lies between 0 and 1; 0 stands where it would be 0/0.
///
/// With TP, FP and FN the counts of a class's true positives, false positives and false negatives:
/// precision = TP/(TP + FP), recall = TP/(TP + FN), F1 = 2·TP/(2·TP + FP + FN), their harmonic mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassScores {
    /// The number of examples.
    pub examples: u64,
    /// The share of examples whose label has the highest score; of equal scores the first class
    /// counts as the highest.
    pub accuracy: f64,
    /// The share whose label is among the highest scores.
    pub top_k: TopK,
    /// The mean of the precision of the classes that occur, as label or as prediction (macro).
    pub precision: f64,
    /// The mean of their recall.
    pub recall: f64,
    /// The mean of their F1.
    pub f1: f64,
    /// The area under the receiver operating characteristic, for [`ClassMetrics::with_roc_auc`]: of
    /// the second class where there are two, else the mean over the classes, each against the rest.
    /// `None` where it was not asked for, no class has examples both in it and outside it, or a score
    /// is NaN.
    pub roc_auc: Option<f64>,
    /// Each class's scores.
    pub per_class: Vec<ClassScore>,
    /// Counts by true class (row) and predicted class (column).
    pub confusion: Vec<Vec<u64>>,
    /// The examples that the model has no answer for, as a score of theirs is NaN. They count as wrong,
    /// and are in no column of the confusion table.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unanswered: u64,
}

// Serde hands a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// The share of examples whose label is among the `k` highest scores.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TopK {
    /// How many of the highest scores count.
    pub k: usize,
    /// The share of examples.
    pub share: f64,
}

/// The scores of one class.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassScore {
    /// The share of the examples predicted as this class that are of it.
    pub precision: f64,
    /// The share of the examples of this class that are predicted as it.
    pub recall: f64,
    /// The harmonic mean of precision and recall.
    pub f1: f64,
    /// The examples of this class.
    pub support: u64,
}

impl ClassMetrics {
    /// Metrics for so many classes; `top` is the k of the top-k share.
    ///
    /// ```
    /// use chainrule_train::metrics::ClassMetrics;
    /// assert_eq!(ClassMetrics::new(10, 5).finish().top_k.k, 5);
    /// ```
    #[must_use]
    pub fn new(classes: usize, top: usize) -> Self {
        let confusion = vec![vec![0; classes]; classes];
        Self { classes, top, in_top: 0, confusion, unanswered: vec![0; classes], kept: None }
    }

    /// The same with the area under the ROC curve, which keeps every score and sorts them at the end:
    /// for a last evaluation rather than for every epoch.
    ///
    /// The area is the chance that an example of the class scores above one outside it, ties counting
    /// half: the Mann–Whitney statistic by midranks over the product of the two counts (Hanley and
    /// McNeil, "The meaning and use of the area under a receiver operating characteristic curve",
    /// Radiology 143, 1982). Of two classes the difference of the scores is ranked, so that logits and
    /// probabilities give the same; of more, each class's scores as they are, for which probabilities
    /// are right and logits are not: give those to [`ClassMetrics::add_logits`].
    ///
    /// ```
    /// use chainrule_train::metrics::ClassMetrics;
    /// let mut metrics = ClassMetrics::new(2, 1).with_roc_auc();
    /// for (second, label) in [(0.1, 0), (0.4, 0), (0.35, 1), (0.8, 1)] {
    ///     metrics.add(&[1.0 - second, second], label)?;
    /// }
    /// assert_eq!(metrics.finish().roc_auc, Some(0.75));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn with_roc_auc(mut self) -> Self {
        self.kept = Some(Kept::default());
        self
    }

    /// Adds an example: a score for each class, such as its probability, and its label.
    ///
    /// ```
    /// use chainrule_train::metrics::ClassMetrics;
    /// let mut metrics = ClassMetrics::new(2, 1);
    /// assert!(metrics.add(&[0.2, 0.8], 1).is_ok());
    /// assert!(metrics.add(&[0.2, 0.8], 2).unwrap_err().to_string().contains("from 0 to 1"));
    /// ```
    ///
    /// # Errors
    /// Another number of scores than of classes, or a label out of range.
    pub fn add(&mut self, scores: &[f64], label: u32) -> Result<()> {
        Error::count("scores", scores.len(), self.classes)?;
        self.put(&Logits::of(self.classes, scores)?, |_| scores.to_vec(), label)
    }

    /// Adds an example: a model's outputs, taken for [`Logits`], and its label. The area under the ROC
    /// curve ranks examples as the probabilities would if they had all digits.
    ///
    /// ```
    /// use chainrule_train::metrics::ClassMetrics;
    /// let mut metrics = ClassMetrics::new(2, 1).with_roc_auc();
    /// // Both probabilities round to 1.
    /// metrics.add_logits(&[0.0, 40.0], 0)?;
    /// metrics.add_logits(&[0.0, 41.0], 1)?;
    /// assert_eq!(metrics.finish().roc_auc, Some(1.0));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`ClassMetrics::add`].
    pub fn add_logits(&mut self, outputs: &[f64], label: u32) -> Result<()> {
        self.put(&Logits::of(self.classes, outputs)?, Logits::log_odds, label)
    }

    fn put(
        &mut self,
        logits: &Logits,
        ranks: impl Fn(&Logits) -> Vec<f64>,
        label: u32,
    ) -> Result<()> {
        let class = label as usize;
        let Some(row) = self.confusion.get_mut(class) else {
            let place = "the metrics".into();
            return Err(Error::Label { place, label: class, classes: self.classes });
        };
        match logits.best() {
            Some(predicted) => row[predicted as usize] += 1,
            None => self.unanswered[class] += 1,
        }
        self.in_top += u64::from(logits.place(label).is_some_and(|place| place < self.top));
        if let Some(kept) = &mut self.kept {
            kept.ranks.extend(ranks(logits));
            kept.labels.push(label);
        }
        Ok(())
    }

    /// The scores of all examples so far.
    ///
    /// ```
    /// use chainrule_train::metrics::ClassMetrics;
    /// let mut metrics = ClassMetrics::new(2, 1);
    /// for (scores, label) in [([0.9, 0.1], 0), ([0.6, 0.4], 1), ([0.2, 0.8], 1)] {
    ///     metrics.add(&scores, label)?;
    /// }
    /// let second = metrics.finish().per_class[1];
    /// assert_eq!((second.precision, second.recall, second.support), (1.0, 0.5, 2));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn finish(&self) -> ClassScores {
        let rows = self.confusion.iter().zip(&self.unanswered);
        let support: Vec<u64> = rows.map(|(row, none)| row.iter().sum::<u64>() + none).collect();
        let column = |class: usize| self.confusion.iter().map(|row| row[class]).sum();
        let predicted: Vec<u64> = (0..self.classes).map(column).collect();
        let right: Vec<u64> = (0..self.classes).map(|class| self.confusion[class][class]).collect();
        let per_class: Vec<ClassScore> = (0..self.classes)
            .map(|class| ClassScore {
                precision: ratio(right[class], predicted[class]),
                recall: ratio(right[class], support[class]),
                f1: ratio(2 * right[class], support[class] + predicted[class]),
                support: support[class],
            })
            .collect();
        let occurs = |class: &usize| support[*class] + predicted[*class] > 0;
        let occurring: Vec<ClassScore> =
            (0..self.classes).filter(occurs).map(|class| per_class[class]).collect();
        let mean = |of: fn(&ClassScore) -> f64| {
            occurring.iter().map(of).sum::<f64>() / occurring.len().max(1) as f64
        };
        let examples = support.iter().sum();
        ClassScores {
            examples,
            accuracy: ratio(right.iter().sum(), examples),
            top_k: TopK { k: self.top, share: ratio(self.in_top, examples) },
            precision: mean(|class| class.precision),
            recall: mean(|class| class.recall),
            f1: mean(|class| class.f1),
            roc_auc: self.kept.as_ref().and_then(|kept| kept.roc_auc(self.classes)),
            per_class,
            confusion: self.confusion.clone(),
            unanswered: self.unanswered.iter().sum(),
        }
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

impl Kept {
    fn roc_auc(&self, classes: usize) -> Option<f64> {
        if self.ranks.iter().any(|rank| rank.is_nan()) {
            return None;
        }
        let rows = || self.ranks.chunks_exact(classes.max(1)).zip(&self.labels);
        if classes == 2 {
            return area(rows().map(|(row, &label)| (row[1] - row[0], label == 1)).collect());
        }
        let against_rest = |class: usize| {
            area(rows().map(|(row, &label)| (row[class], label as usize == class)).collect())
        };
        let areas: Vec<f64> = (0..classes).filter_map(against_rest).collect();
        (!areas.is_empty()).then(|| areas.iter().sum::<f64>() / areas.len() as f64)
    }
}

/// The area under the ROC curve of scores with whether each is of the class.
fn area(mut ranked: Vec<(f64, bool)>) -> Option<f64> {
    ranked.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    // -0 and 0 stand side by side, and are one value.
    let (mut before, mut inside, mut ranks) = (0.0, 0.0, 0.0);
    for tied in ranked.chunk_by(|a, b| a.0 == b.0) {
        let own = tied.iter().filter(|(_, of_class)| *of_class).count() as f64;
        ranks += own * (before + (tied.len() as f64 + 1.0) / 2.0);
        before += tied.len() as f64;
        inside += own;
    }
    let outside = before - inside;
    let pairs = inside * outside;
    (pairs > 0.0).then(|| (ranks - inside * (inside + 1.0) / 2.0) / pairs)
}

/// Adds up the outputs of a regression.
///
/// ```
/// use chainrule_train::metrics::ValueMetrics;
/// let mut metrics = ValueMetrics::new(1);
/// for (predicted, wanted) in [(2.5, 3.0), (0.0, -0.5), (2.0, 2.0), (8.0, 7.0)] {
///     metrics.add(&[predicted], &[wanted])?;
/// }
/// let scores = metrics.finish();
/// assert_eq!((scores.mse, scores.mae), (0.375, 0.5));
/// assert!((scores.r2.unwrap() - 0.9486).abs() < 1e-4);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ValueMetrics {
    examples: u64,
    absolute: f64,
    columns: Vec<Column>,
}

/// The sums of one value of the examples.
#[derive(Clone, Copy, Debug, Default)]
struct Column {
    /// Σ (wanted − predicted)².
    squares: f64,
    mean: f64,
    /// Σ (wanted − mean)².
    spread: f64,
}

/// The scores of a regression, over all values of all examples; 0 of no examples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueScores {
    /// The number of examples.
    pub examples: u64,
    /// The mean squared error.
    pub mse: f64,
    /// The root of the mean squared error, in the unit of the values.
    pub rmse: f64,
    /// The mean absolute error, in the unit of the values.
    pub mae: f64,
    /// The coefficient of determination R² = 1 − Σ (wanted − predicted)² / Σ (wanted − mean)², as a
    /// mean over those values of an example that differ between examples. `None` where none does: what
    /// is explained is a share of what differs.
    pub r2: Option<f64>,
}

impl ValueMetrics {
    /// Metrics for examples of `width` values each.
    ///
    /// ```
    /// assert_eq!(chainrule_train::metrics::ValueMetrics::new(1).finish().examples, 0);
    /// ```
    #[must_use]
    pub fn new(width: usize) -> Self {
        Self { examples: 0, absolute: 0.0, columns: vec![Column::default(); width] }
    }

    /// Adds an example: the values predicted and the values wanted.
    ///
    /// ```
    /// let mut metrics = chainrule_train::metrics::ValueMetrics::new(2);
    /// assert!(metrics.add(&[1.0, 2.0], &[1.0, 3.0]).is_ok());
    /// assert!(metrics.add(&[1.0], &[1.0, 3.0]).is_err());
    /// ```
    ///
    /// # Errors
    /// Another number of values than the width.
    pub fn add(&mut self, predicted: &[f64], wanted: &[f64]) -> Result<()> {
        let width = self.columns.len();
        Error::count("values predicted for an example", predicted.len(), width)?;
        Error::count("values wanted of an example", wanted.len(), width)?;
        self.examples += 1;
        for ((column, &predicted), &wanted) in self.columns.iter_mut().zip(predicted).zip(wanted) {
            let error = wanted - predicted;
            column.squares += error * error;
            self.absolute += error.abs();
            // Welford, "Note on a method for calculating corrected sums of squares and products",
            // Technometrics 4, 1962: no cancellation where the mean is large.
            let before = wanted - column.mean;
            column.mean += before / self.examples as f64;
            column.spread += before * (wanted - column.mean);
        }
        Ok(())
    }

    /// The scores of all examples so far.
    ///
    /// ```
    /// let mut metrics = chainrule_train::metrics::ValueMetrics::new(1);
    /// metrics.add(&[1.0], &[3.0])?;
    /// metrics.add(&[6.0], &[4.0])?;
    /// assert_eq!(metrics.finish().rmse, 2.0);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn finish(&self) -> ValueScores {
        let width = self.columns.len().max(1) as f64;
        let values = self.examples.max(1) as f64 * width;
        let mse = self.columns.iter().map(|column| column.squares).sum::<f64>() / values;
        let each: Vec<f64> = self.columns.iter().filter_map(Column::r2).collect();
        let r2 = (!each.is_empty()).then(|| each.iter().sum::<f64>() / each.len() as f64);
        let r2 = if self.examples == 0 { Some(0.0) } else { r2 };
        let mae = self.absolute / values;
        ValueScores { examples: self.examples, mse, rmse: mse.sqrt(), mae, r2 }
    }
}

impl Column {
    /// `None` of values that are all equal.
    fn r2(&self) -> Option<f64> {
        let r2 = (self.spread != 0.0).then(|| 1.0 - self.squares / self.spread)?;
        // What rounding leaves of nothing is nothing.
        Some(if r2.abs() < 1e-12 { 0.0 } else { r2 })
    }
}
