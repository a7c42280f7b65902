//! Names, spelt on a telephone's keys (ITU-T E.161).

/// The keys that spell a name; a space between words.
pub fn keys_of(name: &str) -> String {
    name.chars().filter_map(key_of).collect()
}

fn key_of(letter: char) -> Option<char> {
    let plain = letter.to_lowercase().next().map(plain)?;
    Some(match plain {
        'a'..='c' => '2',
        'd'..='f' => '3',
        'g'..='i' => '4',
        'j'..='l' => '5',
        'm'..='o' => '6',
        'p'..='s' => '7',
        't'..='v' => '8',
        'w'..='z' => '9',
        digit @ '0'..='9' => digit,
        ' ' | '-' => ' ',
        _ => return None,
    })
}

/// Without its accent, as far as the neighbours' languages have them.
fn plain(letter: char) -> char {
    match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ą' | 'æ' => 'a',
        'ç' | 'ć' => 'c',
        'è' | 'é' | 'ê' | 'ë' | 'ę' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'œ' => 'o',
        'ś' | 'ß' => 's',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' => 'z',
        other => other,
    }
}

/// Whether the keys are the beginning of one of the name's words, or of the name from there on.
pub fn fits(name: &str, pressed: &str) -> bool {
    let keys = keys_of(name);
    let words: Vec<&str> = keys.split(' ').collect();
    (0..words.len()).any(|from| {
        let rest: String = words.iter().skip(from).copied().collect();
        rest.starts_with(pressed)
    })
}
