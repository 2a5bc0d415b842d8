//! Arrays too large to be shown whole are shown by what they are and their first rows.

use chainrule_explain::{Request, explain, values};

#[test]
fn a_batch_shows_its_range_and_its_first_rows() {
    let rows = |tall: usize, wide: usize| {
        let row = |i: usize| (0..wide).map(|j| format!("{}", i * wide + j)).collect::<Vec<_>>();
        let rows: Vec<String> = (0..tall).map(|i| format!("[{}]", row(i).join(","))).collect();
        format!("[{}]", rows.join(","))
    };
    let request = Request {
        expression: "Y = X * 2 + b; sum(Y)".into(),
        values: values(&format!("X={},b=[1,2,3,4,5,6,7,8]", rows(16, 8))).unwrap(),
        ..Request::default()
    };
    let text = explain(&request).unwrap().to_text();
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for shown in [
        "X: 0…127: [0, 1, 2, 3, 4, 5, …], [8, 9, 10, 11, 12, 13, …], …",
        "= 16×8 ‖1662‖",
        "1…262: [1, 4, 7, 10, 13, 16, …], [17, 20, 23, 26, 29, 32, …], …",
        // The gradient of the sum.
        "[16, 8] mean 2 range 2…2 norm 22.6 2…2: [2, 2, 2, 2, 2, 2, …]",
    ] {
        assert!(joined.contains(shown), "{shown}: {text}");
    }
    assert_eq!(text.matches("its first rows").count(), 1);
    // A row breaks nowhere, and what has twelve numbers is shown whole.
    assert!(text.contains("[17, 20, 23, 26, 29, 32, …]"), "{text}");
    let small =
        Request { values: values("X=[[1,2,3,4],[5,6,7,8],[9,10,11,12]],b=1").unwrap(), ..request };
    assert!(!explain(&small).unwrap().to_text().contains('…'));
}
