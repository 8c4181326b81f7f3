-- A laptop that can be lost: why a patient was opened.

-- HL7 PurposeOfUse: TREAT, ETREAT, BTG. Part of the line's hash where it is given.
ALTER TABLE audit ADD COLUMN reason TEXT CHECK (reason IN ('TREAT', 'ETREAT', 'BTG'));
