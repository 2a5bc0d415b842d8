//! What is predicted.

chainrule::kinds! {
    /// Whether classes or numbers are predicted.
    ///
    /// ```
    /// use chainrule_train::data::Task;
    /// assert_eq!("regress".parse::<Task>()?, Task::Regress);
    /// assert!("regres".parse::<Task>().unwrap_err().to_string().contains("did you mean `regress`?"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[derive(Copy, Eq)]
    pub enum Task = "task", ' ', short {
        /// Each example belongs to a class.
        Classify = "classify" | "classification",
        /// Each example has a number, or several.
        Regress = "regress" | "regression",
    }
}
