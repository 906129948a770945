-- Names and captions are kept composed (Unicode NFC), as they are searched for. PostgreSQL composes in UTF-8 only; elsewhere they stay.
DO $$ BEGIN
  IF getdatabaseencoding() = 'UTF8' THEN
    UPDATE outputs SET name = normalize(name, NFC) WHERE name IS NOT NFC NORMALIZED;
    UPDATE outputs SET caption = normalize(caption, NFC) WHERE caption IS NOT NFC NORMALIZED;
    UPDATE upload SET name = normalize(name, NFC) WHERE name IS NOT NFC NORMALIZED;
  END IF;
END $$;
