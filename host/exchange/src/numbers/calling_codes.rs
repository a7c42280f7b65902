//! Calling codes of the world (ITU-T E.164). No code begins another, so digits tell theirs without doubt.

/// Where a number with this code is.
#[derive(Debug, PartialEq, Eq)]
pub struct CallingCode {
    /// Without its plus.
    pub code: &'static str,
    pub name: &'static str,
    /// Europe, or a French overseas department: the column "Eur+DOM" of R57.
    pub european: bool,
}

/// The calling code that the digits of an E.164 number (without its plus) begin with.
pub fn calling_code(digits: &str) -> Option<&'static CallingCode> {
    (1..=3).find_map(|length| {
        let prefix = digits.get(..length)?;
        let at = CALLING_CODES
            .binary_search_by(|entry| entry.code.cmp(prefix))
            .ok()?;
        CALLING_CODES.get(at)
    })
}

const fn europe(code: &'static str, name: &'static str) -> CallingCode {
    CallingCode {
        code,
        name,
        european: true,
    }
}

const fn world(code: &'static str, name: &'static str) -> CallingCode {
    CallingCode {
        code,
        name,
        european: false,
    }
}

/// In the order of their text.
pub static CALLING_CODES: &[CallingCode] = &[
    world("1", "North American Numbering Plan"),
    world("20", "Egypt"),
    world("211", "South Sudan"),
    world("212", "Morocco"),
    world("213", "Algeria"),
    world("216", "Tunisia"),
    world("218", "Libya"),
    world("220", "Gambia"),
    world("221", "Senegal"),
    world("222", "Mauritania"),
    world("223", "Mali"),
    world("224", "Guinea"),
    world("225", "Ivory Coast"),
    world("226", "Burkina Faso"),
    world("227", "Niger"),
    world("228", "Togo"),
    world("229", "Benin"),
    world("230", "Mauritius"),
    world("231", "Liberia"),
    world("232", "Sierra Leone"),
    world("233", "Ghana"),
    world("234", "Nigeria"),
    world("235", "Chad"),
    world("236", "Central African Republic"),
    world("237", "Cameroon"),
    world("238", "Cape Verde"),
    world("239", "São Tomé and Príncipe"),
    world("240", "Equatorial Guinea"),
    world("241", "Gabon"),
    world("242", "Congo"),
    world("243", "Democratic Republic of the Congo"),
    world("244", "Angola"),
    world("245", "Guinea-Bissau"),
    world("246", "British Indian Ocean Territory"),
    world("247", "Ascension"),
    world("248", "Seychelles"),
    world("249", "Sudan"),
    world("250", "Rwanda"),
    world("251", "Ethiopia"),
    world("252", "Somalia"),
    world("253", "Djibouti"),
    world("254", "Kenya"),
    world("255", "Tanzania"),
    world("256", "Uganda"),
    world("257", "Burundi"),
    world("258", "Mozambique"),
    world("260", "Zambia"),
    world("261", "Madagascar"),
    europe("262", "Réunion and Mayotte"),
    world("263", "Zimbabwe"),
    world("264", "Namibia"),
    world("265", "Malawi"),
    world("266", "Lesotho"),
    world("267", "Botswana"),
    world("268", "Eswatini"),
    world("269", "Comoros"),
    world("27", "South Africa"),
    world("290", "Saint Helena"),
    world("291", "Eritrea"),
    world("297", "Aruba"),
    europe("298", "Faroe Islands"),
    world("299", "Greenland"),
    europe("30", "Greece"),
    europe("31", "Netherlands"),
    europe("32", "Belgium"),
    europe("33", "France"),
    europe("34", "Spain"),
    europe("350", "Gibraltar"),
    europe("351", "Portugal"),
    europe("352", "Luxembourg"),
    europe("353", "Ireland"),
    europe("354", "Iceland"),
    europe("355", "Albania"),
    europe("356", "Malta"),
    europe("357", "Cyprus"),
    europe("358", "Finland"),
    europe("359", "Bulgaria"),
    europe("36", "Hungary"),
    europe("370", "Lithuania"),
    europe("371", "Latvia"),
    europe("372", "Estonia"),
    europe("373", "Moldova"),
    world("374", "Armenia"),
    europe("375", "Belarus"),
    europe("376", "Andorra"),
    europe("377", "Monaco"),
    europe("378", "San Marino"),
    europe("379", "Vatican City"),
    europe("380", "Ukraine"),
    europe("381", "Serbia"),
    europe("382", "Montenegro"),
    europe("383", "Kosovo"),
    europe("385", "Croatia"),
    europe("386", "Slovenia"),
    europe("387", "Bosnia and Herzegovina"),
    europe("389", "North Macedonia"),
    europe("39", "Italy"),
    europe("40", "Romania"),
    europe("41", "Switzerland"),
    europe("420", "Czechia"),
    europe("421", "Slovakia"),
    europe("423", "Liechtenstein"),
    europe("43", "Austria"),
    europe("44", "United Kingdom"),
    europe("45", "Denmark"),
    europe("46", "Sweden"),
    europe("47", "Norway"),
    europe("48", "Poland"),
    europe("49", "Germany"),
    world("500", "Falkland Islands"),
    world("501", "Belize"),
    world("502", "Guatemala"),
    world("503", "El Salvador"),
    world("504", "Honduras"),
    world("505", "Nicaragua"),
    world("506", "Costa Rica"),
    world("507", "Panama"),
    europe("508", "Saint Pierre and Miquelon"),
    world("509", "Haiti"),
    world("51", "Peru"),
    world("52", "Mexico"),
    world("53", "Cuba"),
    world("54", "Argentina"),
    world("55", "Brazil"),
    world("56", "Chile"),
    world("57", "Colombia"),
    world("58", "Venezuela"),
    europe("590", "Guadeloupe"),
    world("591", "Bolivia"),
    world("592", "Guyana"),
    world("593", "Ecuador"),
    europe("594", "French Guiana"),
    world("595", "Paraguay"),
    europe("596", "Martinique"),
    world("597", "Suriname"),
    world("598", "Uruguay"),
    world("599", "Curaçao and the Caribbean Netherlands"),
    world("60", "Malaysia"),
    world("61", "Australia"),
    world("62", "Indonesia"),
    world("63", "Philippines"),
    world("64", "New Zealand"),
    world("65", "Singapore"),
    world("66", "Thailand"),
    world("670", "East Timor"),
    world("672", "Australian external territories"),
    world("673", "Brunei"),
    world("674", "Nauru"),
    world("675", "Papua New Guinea"),
    world("676", "Tonga"),
    world("677", "Solomon Islands"),
    world("678", "Vanuatu"),
    world("679", "Fiji"),
    world("680", "Palau"),
    world("681", "Wallis and Futuna"),
    world("682", "Cook Islands"),
    world("683", "Niue"),
    world("685", "Samoa"),
    world("686", "Kiribati"),
    world("687", "New Caledonia"),
    world("688", "Tuvalu"),
    world("689", "French Polynesia"),
    world("690", "Tokelau"),
    world("691", "Micronesia"),
    world("692", "Marshall Islands"),
    world("7", "Russia and Kazakhstan"),
    world("800", "International freephone"),
    world("808", "International shared cost"),
    world("81", "Japan"),
    world("82", "South Korea"),
    world("84", "Vietnam"),
    world("850", "North Korea"),
    world("852", "Hong Kong"),
    world("853", "Macau"),
    world("855", "Cambodia"),
    world("856", "Laos"),
    world("86", "China"),
    world("870", "Inmarsat"),
    world("878", "Universal personal numbers"),
    world("880", "Bangladesh"),
    world("881", "Satellite networks"),
    world("882", "International networks"),
    world("883", "International networks"),
    world("886", "Taiwan"),
    world("888", "Disaster relief"),
    world("90", "Turkey"),
    world("91", "India"),
    world("92", "Pakistan"),
    world("93", "Afghanistan"),
    world("94", "Sri Lanka"),
    world("95", "Myanmar"),
    world("960", "Maldives"),
    world("961", "Lebanon"),
    world("962", "Jordan"),
    world("963", "Syria"),
    world("964", "Iraq"),
    world("965", "Kuwait"),
    world("966", "Saudi Arabia"),
    world("967", "Yemen"),
    world("968", "Oman"),
    world("970", "Palestine"),
    world("971", "United Arab Emirates"),
    world("972", "Israel"),
    world("973", "Bahrain"),
    world("974", "Qatar"),
    world("975", "Bhutan"),
    world("976", "Mongolia"),
    world("977", "Nepal"),
    world("979", "International premium rate"),
    world("98", "Iran"),
    world("992", "Tajikistan"),
    world("993", "Turkmenistan"),
    world("994", "Azerbaijan"),
    world("995", "Georgia"),
    world("996", "Kyrgyzstan"),
    world("998", "Uzbekistan"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_none_begins_another() {
        for pair in CALLING_CODES.windows(2) {
            assert!(
                pair[0].code < pair[1].code,
                "{} before {}",
                pair[0].code,
                pair[1].code
            );
            assert!(
                !pair[1].code.starts_with(pair[0].code),
                "{} begins {}",
                pair[0].code,
                pair[1].code
            );
        }
    }

    #[test]
    fn digits_tell_their_code() {
        let code = |digits| calling_code(digits).map(|entry| entry.code);
        assert_eq!(code("33123456789"), Some("33"));
        assert_eq!(code("35226123456"), Some("352"));
        assert_eq!(code("12025550123"), Some("1"));
        assert_eq!(code("999123456"), None);
        assert_eq!(code(""), None);
    }
}
