-- Sign-in names have one form: without blanks around them, in small letters. Of several that come to be the same, the
-- one that was written so already keeps it, or else the first to be registered; the others stay as they are: their
-- people need a new name.
UPDATE person
SET sign_in_name = chosen.name
FROM (
    SELECT DISTINCT ON (name) person_id, name
    FROM (
        SELECT person_id, sign_in_name, normalize(lower(upper(casefold(btrim(sign_in_name)))), NFC) AS name
        FROM person
    ) AS folded
    ORDER BY name, sign_in_name = name DESC, person_id
) AS chosen
WHERE person.person_id = chosen.person_id AND person.sign_in_name <> chosen.name;
