//! Every lesson, as it is shown.

use super::lesson::{LESSONS, heading, list, play};

#[test]
fn lessons_are_shown_as_they_were_read() {
    for (page, number) in LESSONS.iter().zip(1..) {
        let shown = play(number, page).unwrap_or_else(|error| panic!("lesson {number}: {error}"));
        insta::assert_snapshot!(format!("lesson-{number}"), shown);
    }
}

#[test]
fn lessons_are_listed() {
    insta::assert_snapshot!("lessons", list());
}

#[test]
fn lessons_have_a_title_and_say_what_they_are_about() {
    for page in LESSONS {
        let (title, about) = heading(page);
        assert!(!title.is_empty() && about.ends_with('.'), "{title}: {about}");
    }
}

#[test]
fn a_broken_lesson_says_what_is_wrong() {
    let error = |page: &str| play(1, page).unwrap_err();
    assert_eq!(error("# A\n\n```console\n$ kubectl apply -f web.yaml\n```\n"), "there is no file web.yaml");
    assert_eq!(error("# A\n\n```console\n$ kubectl rollout restart\n```\n"), "not modelled: kubectl rollout");
    assert_eq!(error("# A\n\n<!-- cluster: nowhere -->\n"), "<!-- cluster: nowhere -->: not known");
    assert_eq!(error("# A\n\n```json\n{}\n```\n"), "a block of \"json\" is not known");
}
