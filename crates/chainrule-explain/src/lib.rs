//! Explaining a computation: its graph, values, gradients, formulas and what-ifs.
//!
//! Everything is read off the graph that ran, in f64: values and gradients from one plan with all
//! nodes kept, local derivatives by an operation's own backward rule with an upstream gradient of 1,
//! formulas from the nodes of the gradients. [`explain`] gives an [`Explanation`], which holds all
//! of it as plain data and writes itself in every format.

// From the bottom up, here and in every folder: each uses only those above it.
mod words;
pub mod term;
mod value;
mod json;
mod columns;
mod formula;
mod tex;
mod equations;
mod notation;
mod shared;
pub mod chart;
mod loss;
mod expression;
mod reading;
mod label;
mod request;
mod model;
mod silent;
mod rules;
mod sums;
mod origin;
mod paths;
mod subject;
mod probe;
mod walk;
mod what_if;
mod explainer;
mod rounding;
mod blanks;
mod text;
mod latex;
mod picture;
mod story;
mod screen;
mod html;
mod topic;
mod worksheet;
mod network;

pub use blanks::Key;
pub use columns::{
    Page, cut, steers, table, table_within, told_apart, visible, width, wrapped, wrapped_within,
};
pub use explainer::explain;
pub use expression::{
    CONSTANTS, Example, Function, Names, Values, differentiable, fitting, functions, literal,
    record, reference, reference_page, values,
};
pub use formula::Formula;
pub use html::{PAGE_SCRIPT, PAGE_STYLE};
pub use json::AllNumbers;
pub use loss::cross_entropy;
pub use model::{
    Descent, DescentPoint, Entry, Explanation, Extreme, Goal, Hessian, Node, Origin, Partial,
    Passed, Path, Paths, Sweep, SweepPoint, WhatIf,
};
pub use network::{
    Branch, Layer, Ledger, NetworkExplanation, Said, Statistics, Weight, layer_outputs, network,
    network_graph,
};
pub use picture::drawing::{Bend, Block, Drawing, Wire};
pub use picture::{Fold, Role, View};
pub use request::{Range, Request};
pub use rules::idle;
pub use screen::{
    Elasticity, Input, Outcome, Point, Screen, ScreenDescent, ScreenNode, ScreenPartial,
    ScreenPassed, ScreenStep, ScreenSweep, ScreenWhatIf, Second,
};
pub use story::{Direction, Part, Row, Step};
pub use topic::Topic;
pub use value::{Value, digits, number, percent, to_step};
pub use words::{Language, Words};
pub use worksheet::Worksheet;
