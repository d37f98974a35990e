//! A page of Markdown, taken apart into the blocks that the lessons and the tests of the documentation read.
//!
//! As much of Markdown as these pages use: headings with `#`, fences of backquotes at the start of a line, comments on lines of
//! their own, and text.

/// A part of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Block<'t> {
    /// `## Title`.
    Heading {
        /// How many `#`.
        level: usize,
        text: &'t str,
    },
    /// Lines of text up to an empty line.
    Text(Vec<&'t str>),
    /// What stands between two lines of backquotes.
    Fence {
        /// What follows the backquotes, as `json live`.
        info: &'t str,
        body: String,
        /// The number of its first line in the page, from 1.
        line: usize,
    },
    /// `<!-- directive -->`.
    Comment(&'t str),
}

/// The blocks of a page, in order.
pub(crate) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut paragraph: Vec<&str> = Vec::new();
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        let block = if let Some(info) = line.strip_prefix("```") {
            let inner = lines.by_ref().map(|(line, _)| line).take_while(|line| *line != "```");
            let body = inner.flat_map(|line| [line, "\n"]).collect();
            Some(Block::Fence { info: info.trim(), body, line: number + 1 })
        } else if let Some(comment) = line.strip_prefix("<!--").and_then(|rest| rest.strip_suffix("-->")) {
            Some(Block::Comment(comment.trim()))
        } else {
            heading(line)
        };
        match block {
            None if !line.trim().is_empty() => paragraph.push(line),
            block => {
                if !paragraph.is_empty() {
                    blocks.push(Block::Text(std::mem::take(&mut paragraph)));
                }
                blocks.extend(block);
            }
        }
    }
    if !paragraph.is_empty() {
        blocks.push(Block::Text(paragraph));
    }
    blocks
}

fn heading(line: &str) -> Option<Block<'_>> {
    let text = line.trim_start_matches('#');
    let level = line.len() - text.len();
    (1..=6).contains(&level).then(|| text.strip_prefix(' ')).flatten().map(|text| Block::Heading { level, text: text.trim() })
}

/// The anchor of a heading, as GitHub makes it.
pub(crate) fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|character| character.is_alphanumeric() || matches!(character, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|character| if character == ' ' { '-' } else { character }).collect()
}

/// The file that a block of YAML defines: its first line is `# NAME`.
pub(crate) fn file_name(body: &str) -> Option<&str> {
    let name = body.lines().next()?.strip_prefix("# ")?;
    name.ends_with(".yaml").then_some(name)
}

/// A command of a block of `console`, with the lines that it prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    /// Behind the `$ `; lines that end with a backslash are joined to the next.
    pub(crate) text: String,
    pub(crate) output: String,
}

/// The commands of a block of `console`.
pub(crate) fn commands(body: &str) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    let mut goes_on = false;
    for line in body.lines() {
        let (command, line) = match line.strip_prefix("$ ") {
            Some(line) => (true, line),
            None => (goes_on, line),
        };
        if command {
            if !goes_on {
                commands.push(Command { text: String::new(), output: String::new() });
            }
            goes_on = line.ends_with('\\');
        }
        let Some(last) = commands.last_mut() else { continue };
        match command {
            true => last.text.push_str(line.trim_end_matches('\\').trim_start()),
            false => last.output.extend([line, "\n"]),
        }
    }
    commands
}
