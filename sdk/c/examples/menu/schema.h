/* What a manager configures. */
#ifndef MENU_SCHEMA_H
#define MENU_SCHEMA_H

#include <cordboard.h>

#define KEY "key":{"type":"string","title":"Key","pattern":"^[1-9]$"}
#define LABEL "label":{"type":"string","title":"Label","maxLength":64,"default":""}
#define GREETING "type":"string","title":"Greeting","x-kind":"announcement","maxLength":128

/* CB_SCHEMA after its pieces have been put in. */
#define SCHEMA(...) CB_SCHEMA(__VA_ARGS__)

#define SUBMENU \
  {"type":["object","null"],"title":"Submenu","description":"Or the menu that it opens.","properties":{ \
    "greeting":{GREETING,"minLength":1}, \
    "keys":{"type":"array","title":"Keys","maxItems":9,"items":{"type":"object","properties":{ \
      KEY,LABEL,"number":{"type":"string","title":"Number","x-kind":"number","minLength":1,"maxLength":64}}, \
      "required":["key","number"],"additionalProperties":false},"default":[]}}, \
    "required":["greeting"],"additionalProperties":false,"default":null}

#define LEVEL(TITLE) \
  {"type":"object","title":TITLE,"properties":{ \
    "greeting":{GREETING,"default":""}, \
    "keys":{"type":"array","title":"Keys","description":"Keys without an entry count as a wrong key.","maxItems":9, \
      "items":{"type":"object","properties":{KEY,LABEL, \
        "number":{"type":["string","null"],"title":"Number","x-kind":"number","maxLength":64,"default":null}, \
        "submenu":SUBMENU},"required":["key"],"additionalProperties":false},"default":[]}}, \
    "additionalProperties":false,"default":{"greeting":"","keys":[]}}

#define PERSON \
  {"type":"object","properties":{ \
    "name":{"type":"string","title":"Name","minLength":1,"maxLength":64}, \
    "number":{"type":"string","title":"Number","x-kind":"number","minLength":1,"maxLength":64}, \
    "spoken":{"type":["string","null"],"title":"Spoken","x-kind":"announcement","maxLength":128,"default":null}}, \
    "required":["name","number"],"additionalProperties":false}

#define BY_NAME \
  {"type":"object","title":"By name","description":"Callers may spell whom they want.","properties":{ \
    "key":{"type":["string","null"],"title":"Key","pattern":"^[1-9]$","default":null}, \
    "prompt":{"type":"string","title":"Prompt","x-kind":"announcement","default":"spell-the-name"}, \
    "unknown":{"type":"string","title":"Unknown","x-kind":"announcement","default":"nobody-of-that-name"}, \
    "people":{"type":"array","title":"People","maxItems":200,"items":PERSON,"default":[]}}, \
    "additionalProperties":false, \
    "default":{"key":null,"prompt":"spell-the-name","unknown":"nobody-of-that-name","people":[]}}

#define MENU_SCHEMA SCHEMA({"type":"object","properties":{ \
  "enabled":{"type":"boolean","title":"Enabled","description":"Off: calls pass to whatever is next on the number.","default":true}, \
  "calendar":{"type":["string","null"],"title":"Calendar","description":"Opening hours; none: open day and night.","x-kind":"calendar","default":null}, \
  "open":LEVEL("Open"), \
  "closed":LEVEL("Closed"), \
  "attempts":{"type":"integer","title":"Attempts","description":"How often a menu plays in all.","minimum":1,"maximum":10,"default":3}, \
  "wait":{"type":"integer","title":"Wait","x-unit":"s","minimum":1,"maximum":60,"default":5}, \
  "goodbye":{"type":"string","title":"Goodbye","x-kind":"announcement","default":"goodbye"}, \
  "fallback":{"type":["string","null"],"title":"Fallback","description":"Where callers go when the attempts are used up; none: the call ends.","x-kind":"number","maxLength":64,"default":null}, \
  "extension-digits":{"type":"integer","title":"Extension digits","description":"Callers may dial a short number of so many digits; 0: they may not.","minimum":0,"maximum":9,"default":0}, \
  "by-name":BY_NAME},"additionalProperties":false})

#endif
