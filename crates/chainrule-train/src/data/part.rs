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
