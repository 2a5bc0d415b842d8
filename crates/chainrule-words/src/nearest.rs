//! The word that was meant.

/// The known word nearest to `word`, where one is near: that which takes the fewest letters to be put
/// in, left out, replaced or swapped with the next.
///
/// ```
/// use chainrule_words::nearest;
/// assert_eq!(nearest("batchsize", ["lr", "batch_size"]), Some("batch_size"));
/// assert_eq!(nearest("momentum", ["lr", "epochs"]), None);
/// ```
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    const MOST: usize = 3;
    // Nobody mistypes a longer word, and each letter takes as long as the other word has letters.
    const LONGEST: usize = 200;
    let letters: Vec<char> = word.to_lowercase().chars().take(LONGEST + 1).collect();
    let of = |to: &'k str| (distance(&letters, &to.to_lowercase().chars().collect::<Vec<_>>()), to);
    let is_as_long = |to: &&str| to.chars().count().abs_diff(letters.len()) <= 2 * MOST;
    let known = known.into_iter().filter(|_| letters.len() <= LONGEST).filter(is_as_long);
    let (distance, near) = known.map(of).min_by_key(|(distance, _)| *distance)?;
    // A short word may differ by a third of its letters, a long one by three; of one letter nothing
    // would be left.
    let most = (near.chars().count().max(letters.len()) / 3).clamp(1, MOST);
    (distance <= most && distance < letters.len()).then_some(near)
}

/// The distance of Damerau and Levenshtein in its form for single swaps (optimal string alignment).
fn distance(from: &[char], to: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let replaced = row[j] + usize::from(a != b);
            let mut least = replaced.min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && from[i - 1] == *b && to[j - 1] == *a {
                least = least.min(before[j - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_letters_and_swaps() {
        let of = |a: &str, b: &str| {
            distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>())
        };
        for (a, b, wanted) in
            [("", "abc", 3), ("kitten", "sitting", 3), ("relu", "erlu", 1), ("a", "a", 0)]
        {
            assert_eq!((of(a, b), of(b, a)), (wanted, wanted), "{a} {b}");
        }
    }

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        assert_eq!(nearest("Adam", ["sgd", "adam"]), Some("adam"));
        assert_eq!(nearest("clasify", ["classify", "regress"]), Some("classify"));
        assert_eq!(nearest("y", ["x", "m"]), None);
        assert_eq!(nearest("", ["x"]), None);
        assert_eq!(nearest("x", []), None);
        // What takes as long as the product of both lengths is not looked at.
        let long = "l".repeat(2000);
        assert_eq!(nearest(&long, [&*format!("{long}x")]), None);
    }
}
