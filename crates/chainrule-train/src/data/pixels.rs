//! What is known of images: their sizes and colours, and what those of a training were like.

use serde::{Deserialize, Serialize};

use super::Scale;

/// The size of images, and their bytes a pixel: 1 (grey) or 3 (red, green, blue). Features go by
/// rows, then columns, then colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Sides")]
pub(super) struct Pixels {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) colours: usize,
}

impl Pixels {
    pub(super) fn count(self) -> usize {
        self.width.saturating_mul(self.height).saturating_mul(self.colours)
    }
}

/// The sizes that images had in their files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sizes {
    /// The least width and the least height.
    pub(super) least: [usize; 2],
    pub(super) most: [usize; 2],
    /// How many were laid on white; it is not kept.
    #[serde(skip)]
    pub(super) laid: usize,
}

impl Sizes {
    pub(super) fn of(Pixels { width, height, .. }: Pixels) -> Self {
        Self { least: [width, height], most: [width, height], laid: 0 }
    }

    /// Those of both.
    pub(super) fn and(self, other: Self) -> Self {
        let both = |side: usize| {
            (self.least[side].min(other.least[side]), self.most[side].max(other.most[side]))
        };
        let [width, height] = [0, 1].map(both);
        let laid = self.laid + other.laid;
        Self { least: [width.0, height.0], most: [width.1, height.1], laid }
    }

    pub(super) fn are_equal(self) -> bool {
        self.least == self.most
    }
}

impl std::fmt::Display for Sizes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { least: [width, height], most, .. } = self;
        match self.are_equal() {
            true => write!(f, "{width} × {height}"),
            false => write!(f, "{width} × {height} to {} × {}", most[0], most[1]),
        }
    }
}

/// What the training part's images were like, to tell others from them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Seen {
    pub(super) sizes: Sizes,
    /// The mean brightness of an image, from 0 to 1.
    pub(super) brightness: Scale,
}

/// Pixels as they stand in a file, to be checked.
#[derive(Deserialize)]
struct Sides {
    width: usize,
    height: usize,
    colours: usize,
}

impl TryFrom<Sides> for Pixels {
    type Error = String;

    fn try_from(Sides { width, height, colours }: Sides) -> Result<Self, String> {
        const MOST: usize = 1 << 28;
        let pixels = Self { width, height, colours };
        match (1..=MOST).contains(&pixels.count()) && [1, 3].contains(&colours) {
            true => Ok(pixels),
            false => Err(format!("{width}×{height} pixels of {colours} colours are no images")),
        }
    }
}

impl std::fmt::Display for Pixels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let colour = if self.colours == 1 { "grey" } else { "colour" };
        write!(f, "{}×{} {colour} pixels", self.width, self.height)
    }
}

/// What is done to pictures before a model is asked about them.
///
/// ```
/// use chainrule_train::data::{DataSource, Retouch};
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("t.csv");
/// # std::fs::write(&path, "a,y\n1,0.5\n2,1.5\n").unwrap();
/// # let source = DataSource { path: path.display().to_string(), ..DataSource::default() };
/// let preparation = source.load(&|_| unreachable!())?.preparation;
/// let retouch = Retouch { invert: true, centre: true };
/// assert!(preparation.retouched(retouch).is_err(), "it is one of tables");
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retouch {
    /// Dark becomes bright: for ink on paper, where the model knows white on black.
    pub invert: bool,
    /// What stands out is cut out, scaled and centred as MNIST's digits are.
    pub centre: bool,
}
