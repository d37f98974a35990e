//! The Chinese pages keep step with the English ones: the same headings, the same code.

use super::Page;
use super::page::{Block, blocks};

/// What a translation has in common with its original: the levels of headings, and code byte for byte.
fn skeleton(text: &str) -> Vec<String> {
    let parts = blocks(text).into_iter().filter_map(|block| match block {
        Block::Heading { level, .. } => Some("#".repeat(level)),
        Block::Fence { info, body, .. } => Some(format!("```{info}\n{body}```")),
        _ => None,
    });
    parts.collect()
}

#[test]
fn the_walkthrough_is_told_alike() {
    let [original, translated] =
        ["docs/walkthrough.md", "docs/zh-CN/walkthrough.md"].map(|path| skeleton(&Page::read(path).text));
    assert_eq!(original, translated);
}

#[test]
fn the_first_screen_is_told_alike() {
    let [original, translated] = ["README.md", "docs/zh-CN/README.md"].map(|path| skeleton(&Page::read(path).text));
    // The translation ends where the README's first screen does.
    assert!(translated.len() >= 3, "{translated:?}");
    assert_eq!(original[..translated.len()], translated);
}

#[test]
fn a_skeleton_has_what_must_be_alike() {
    let page = "# 甲\n\n文\n\n```sh\na\n```\n\n## 乙\n";
    assert_eq!(skeleton(page), ["#", "```sh\na\n```", "##"]);
}
