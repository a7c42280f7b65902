//! A page as a telephone draws it: title, items or text, prompt and soft keys, each where the telephone has room for it.

use std::fmt::Write;

use anyhow::{Result, bail};
use roxmltree::{Document, Node};

/// A display's geometry, in its pixels.
struct Display {
    width: u32,
    height: u32,
    /// Of a line of text.
    line: u32,
    letter: u32,
    soft_keys: usize,
    colours: Colours,
}

struct Colours {
    back: &'static str,
    title: &'static str,
    title_text: &'static str,
    text: &'static str,
    chosen: &'static str,
    key: &'static str,
}

/// As of the 7961 and its like: four grey levels, four soft keys.
const CISCO: Display = Display {
    width: 396,
    height: 162,
    line: 18,
    letter: 8,
    soft_keys: 4,
    colours: Colours {
        back: "#dfe6d5",
        title: "#2d3a2e",
        title_text: "#f2f5ec",
        text: "#1c241d",
        chosen: "#b3c0a6",
        key: "#9fae93",
    },
};

/// As of the T46: colour, four soft keys.
const YEALINK: Display = Display {
    width: 480,
    height: 272,
    line: 30,
    letter: 10,
    soft_keys: 4,
    colours: Colours {
        back: "#f4f6f9",
        title: "#12638a",
        title_text: "#ffffff",
        text: "#20303c",
        chosen: "#bfe0f0",
        key: "#d3dce4",
    },
};

/// What there is to draw.
#[derive(Debug, Default, PartialEq, Eq)]
struct Page {
    title: String,
    items: Vec<String>,
    text: String,
    prompt: String,
    /// By position, from 1.
    keys: Vec<(usize, String)>,
}

/// The picture (SVG) of a phone's XML.
pub fn picture(xml: &str) -> Result<String> {
    let document = Document::parse(xml)?;
    let root = document.root_element();
    let (display, page) = match root.tag_name().name() {
        "CiscoIPPhoneMenu" | "CiscoIPPhoneText" => (&CISCO, cisco(root)),
        "YealinkIPPhoneTextMenu" | "YealinkIPPhoneTextScreen" => (&YEALINK, yealink(root)),
        other => bail!("no page of a telephone: {other}"),
    };
    Ok(draw(display, &page))
}

fn child(node: Node<'_, '_>, name: &str) -> String {
    let child = node.children().find(|child| child.has_tag_name(name));
    child
        .and_then(|child| child.text())
        .unwrap_or_default()
        .to_owned()
}

fn cisco(root: Node<'_, '_>) -> Page {
    let named = |name: &'static str| root.children().filter(move |node| node.has_tag_name(name));
    let keys =
        named("SoftKeyItem").map(|key| (child(key, "Position").parse().unwrap_or(1), child(key, "Name")));
    Page {
        title: child(root, "Title"),
        items: named("MenuItem").map(|item| child(item, "Name")).collect(),
        text: child(root, "Text"),
        prompt: child(root, "Prompt"),
        keys: keys.collect(),
    }
}

/// Its soft keys are its own: it has `Back` and `OK` unless a page brings others.
fn yealink(root: Node<'_, '_>) -> Page {
    let items = root.children().filter(|node| node.has_tag_name("MenuItem"));
    let items: Vec<String> = items.map(|item| child(item, "Prompt")).collect();
    let mut keys = vec![(1, "Back".to_owned())];
    if !items.is_empty() {
        keys.push((4, "OK".to_owned()));
    }
    Page {
        title: child(root, "Title"),
        items,
        text: child(root, "Text"),
        prompt: String::new(),
        keys,
    }
}

fn draw(display: &Display, page: &Page) -> String {
    let Display {
        width,
        height,
        line,
        colours,
        ..
    } = display;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"DejaVu Sans, sans-serif\" font-size=\"{}\">\n",
        line * 2 / 3
    );
    rectangle(&mut svg, (0, 0), (*width, *height), colours.back);
    rectangle(&mut svg, (0, 0), (*width, *line), colours.title);
    words(&mut svg, display, (6, 0), &page.title, colours.title_text);
    let bottom = height - line - 4;
    let last = bottom - if page.prompt.is_empty() { 0 } else { *line };
    let mut y = line + 4;
    for (number, item) in (1..).zip(&page.items) {
        if y + line > last {
            break;
        }
        if number == 1 {
            rectangle(&mut svg, (0, y), (*width, *line), colours.chosen);
        }
        words(
            &mut svg,
            display,
            (6, y),
            &format!("{number} {item}"),
            colours.text,
        );
        y += line;
    }
    for row in wrapped(&page.text, (width / display.letter) as usize) {
        if y + line > last {
            break;
        }
        words(&mut svg, display, (6, y), &row, colours.text);
        y += line;
    }
    words(&mut svg, display, (6, last), &page.prompt, colours.text);
    let each = width / display.soft_keys as u32;
    for (position, name) in page
        .keys
        .iter()
        .filter(|(position, _)| (1..=display.soft_keys).contains(position))
    {
        let x = (*position as u32 - 1) * each;
        rectangle(&mut svg, (x + 2, bottom + 2), (each - 4, *line), colours.key);
        words(&mut svg, display, (x + 8, bottom + 2), name, colours.text);
    }
    svg.push_str("</svg>\n");
    svg
}

fn rectangle(svg: &mut String, (x, y): (u32, u32), (width, height): (u32, u32), colour: &str) {
    // Writing to a text does not fail.
    let _ = writeln!(
        svg,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{colour}\"/>"
    );
}

/// One line of text, cut where the display ends.
fn words(svg: &mut String, display: &Display, (x, y): (u32, u32), text: &str, colour: &str) {
    let room = ((display.width.saturating_sub(x)) / display.letter) as usize;
    let mut shown: String = text.chars().take(room).collect();
    if text.chars().count() > room {
        shown.pop();
        shown.push('…');
    }
    let shown = shown.replace('&', "&amp;").replace('<', "&lt;");
    let base = y + display.line * 3 / 4;
    let _ = writeln!(
        svg,
        "<text x=\"{x}\" y=\"{base}\" fill=\"{colour}\">{shown}</text>"
    );
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for paragraph in text.lines() {
        let mut row = String::new();
        for word in paragraph.split_whitespace() {
            if !row.is_empty() && row.chars().count() + 1 + word.chars().count() > width {
                rows.push(std::mem::take(&mut row));
            }
            if !row.is_empty() {
                row.push(' ');
            }
            row.push_str(word);
        }
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use super::*;

    #[test]
    fn a_menu_has_its_title_items_and_soft_keys() {
        let xml = "<CiscoIPPhoneMenu><Title>A &amp; B</Title><Prompt>Choose</Prompt><MenuItem><Name>One</Name><URL>x</URL></MenuItem>\
            <SoftKeyItem><Name>Exit</Name><URL>y</URL><Position>3</Position></SoftKeyItem></CiscoIPPhoneMenu>";
        let document = Document::parse(xml).unwrap();
        let page = cisco(document.root_element());
        assert_eq!(page.items, ["One"]);
        assert_eq!(page.keys, [(3, "Exit".to_owned())]);
        let svg = picture(xml).unwrap();
        for text in [
            ">A &amp; B<",
            ">1 One<",
            ">Choose<",
            ">Exit<",
            "width=\"396\" height=\"162\"",
        ] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        Document::parse(&svg).unwrap();
    }

    #[test]
    fn what_is_no_page_is_not_drawn_and_what_is_too_long_is_cut() {
        assert!(picture("<CiscoIPPhoneExecute/>").is_err());
        let long = "word ".repeat(500);
        let xml = format!(
            "<YealinkIPPhoneTextScreen><Title>{long}</Title><Text>{long}</Text></YealinkIPPhoneTextScreen>"
        );
        let svg = picture(&xml).unwrap();
        assert!(svg.matches("<text").count() < 12 && svg.contains('…'), "{svg}");
    }
}
