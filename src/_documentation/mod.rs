//! The pages of `docs/`, beside the reference and with their Rust run as documentation tests.
//!
//! Start with the [walkthrough] of one real report, or with the [index].

/// A page; `links.md` comes first, so that links between pages lead to the modules here.
macro_rules! pages {
    ($($name:ident: $file:literal,)*) => {$(
        #[doc = include_str!("links.md")]
        #[doc = include_str!(concat!("../../docs/", $file))]
        pub mod $name {}
    )*};
}

pages! {
    index: "README.md",
    walkthrough: "walkthrough.md",
    vocabulary: "vocabulary.md",
    dialects: "dialects.md",
    failures: "failures.md",
    codes: "codes.md",
    exercises: "exercises.md",
    model: "model.md",
    scope: "scope.md",
    design: "design.md",
    compare: "compare.md",
    atlas: "atlas.md",
    promises: "promises.md",
    mutation: "mutation.md",
    architecture: "architecture.md",
    zh_readme: "zh-CN/README.md",
    zh_walkthrough: "zh-CN/walkthrough.md",
}
