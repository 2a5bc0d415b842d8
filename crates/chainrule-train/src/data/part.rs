//! The parts of a training's data.

chainrule::kinds! {
    /// A part of a training's data.
    ///
    /// ```
    /// use chainrule_train::DataPart;
    /// assert_eq!("train".parse::<DataPart>()?, DataPart::Train);
    /// assert_eq!(DataPart::Train.in_words(), "training");
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[derive(Copy, Eq)]
    pub enum DataPart = "part", ' ', short {
        /// What the model learns from.
        Train = "train" | "training",
        /// What is held out to validate: early stopping and schedules look at it.
        Validation = "validation" | "val" | "valid",
        /// What the finished model is judged by.
        Test = "test",
    }
}

impl DataPart {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// The parts that are held out, the one that judges a finished model first: by the test part nothing was
    /// chosen.
    pub const JUDGING: [Self; 2] = [Self::Test, Self::Validation];

    /// The parts that are held out, the one that models are chosen by first: who chooses by the test part has
    /// none left to judge by.
    pub const CHOOSING: [Self; 2] = [Self::Validation, Self::Test];

    /// The name of a score on this part.
    ///
    /// ```
    /// use chainrule_train::DataPart;
    /// assert_eq!(DataPart::Test.score("accuracy"), "test_accuracy");
    /// assert_eq!(DataPart::of_score("test_accuracy"), Some((DataPart::Test, "accuracy")));
    /// ```
    #[must_use]
    pub fn score(self, name: &str) -> String {
        format!("{self}_{name}")
    }

    /// The part that a score's name tells, and the name without it.
    #[must_use]
    pub fn of_score(name: &str) -> Option<(Self, &str)> {
        let of = |part: Self| Some((part, name.strip_prefix(part.name())?.strip_prefix('_')?));
        Self::ALL.into_iter().find_map(of)
    }

    /// That rows of this part, which scores the model, may have been learnt from.
    ///
    /// ```
    /// use chainrule_train::DataPart;
    /// assert!(DataPart::Test.told_learnt().starts_with("rows of the test part may have been learnt"));
    /// ```
    #[must_use]
    pub fn told_learnt(self) -> String {
        let part = self.in_words();
        format!(
            "rows of the {part} part may have been learnt from, before the data or its split changed"
        )
    }

    /// Its name in a sentence.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Train => "training",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }

    /// What a score of it is of: of the training part that the model has seen it.
    #[must_use]
    pub fn described(self) -> &'static str {
        match self {
            Self::Train => "training part, which it has learnt from",
            Self::Validation => "validation part",
            Self::Test => "test part",
        }
    }
}
