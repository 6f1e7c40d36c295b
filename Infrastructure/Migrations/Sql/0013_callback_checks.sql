-- What a callback may be, for tasks that are submitted by SQL: the rules of CallbackCheck.cs, CallbackUrl.cs and AddressGuard.cs once more, in
-- their words. Tests compare both. docs/sql.md

-- A host as an IPv4 address, in every notation that connects to one: 127.0.0.1, 127.1, 2130706433, 0x7f000001, 0177.0.0.1. Null: it is none.
CREATE FUNCTION messaging.ipv4_of(host text) RETURNS inet
LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
DECLARE
    parts  text[] := string_to_array(host, '.');
    base   integer;
    digit  text;
    number bigint;
    whole  bigint := 0;
BEGIN
    IF cardinality(parts) NOT BETWEEN 1 AND 4 THEN
        RETURN NULL;
    END IF;
    FOR i IN 1 .. cardinality(parts) LOOP
        base := CASE WHEN parts[i] ~ '^0[xX][0-9a-fA-F]+$' THEN 16 WHEN parts[i] ~ '^0[0-7]*$' THEN 8 WHEN parts[i] ~ '^[1-9][0-9]*$' THEN 10 END;
        IF base IS NULL THEN
            RETURN NULL;
        END IF;
        number := 0;
        FOREACH digit IN ARRAY string_to_array(CASE base WHEN 16 THEN substr(parts[i], 3) ELSE parts[i] END, NULL) LOOP
            number := number * base + strpos('0123456789abcdef', lower(digit)) - 1;
            -- The last part stands for all bytes that are left, each other one for one.
            IF number >= 1::bigint << (CASE WHEN i < cardinality(parts) THEN 8 ELSE 8 * (5 - i) END) THEN
                RETURN NULL;
            END IF;
        END LOOP;
        whole := whole + CASE WHEN i < cardinality(parts) THEN number << (8 * (4 - i)) ELSE number END;
    END LOOP;
    RETURN inet '0.0.0.0' + whole;
END
$$;

-- Where an address leads: public, loopback, private or special, as AddressGuard.cs says.
CREATE FUNCTION messaging.address_scope(address inet) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
DECLARE
    bytes bytea := substring(inet_send(address) FROM 5);
    inner_at integer := CASE WHEN address <<= '::ffff:0:0/96' OR address <<= '64:ff9b::/96' THEN 13 WHEN address <<= '2002::/16' THEN 3 END;
BEGIN
    -- An IPv4 address stands inside: mapped, NAT64, 6to4.
    IF inner_at IS NOT NULL THEN
        RETURN messaging.address_scope(inet '0.0.0.0' + ('x' || encode(substring(bytes FROM inner_at FOR 4), 'hex'))::bit(32)::bigint);
    END IF;
    RETURN CASE
        WHEN address <<= ANY ('{127.0.0.0/8, ::1/128}'::inet[]) THEN 'loopback'
        WHEN address <<= ANY ('{10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, fc00::/7}'::inet[]) THEN 'private'
        WHEN family(address) = 4 THEN CASE WHEN address <<= ANY (
            '{0.0.0.0/8, 169.254.0.0/16, 192.0.0.0/24, 192.0.2.0/24, 192.88.99.0/24, 198.18.0.0/15, 198.51.100.0/24, 203.0.113.0/24, 224.0.0.0/4, 240.0.0.0/4}'::inet[])
            THEN 'special' ELSE 'public' END
        WHEN address <<= '2000::/3' AND NOT address <<= ANY ('{2001::/23, 2001:db8::/32, 3fff::/20}'::inet[]) THEN 'public'
        ELSE 'special' END;
END
$$;

-- Why a callback may not go to an address; null: it may, as far as that can be seen from the address alone. Where its name leads is checked by
-- whoever connects to it. What is allowed beyond the internet the producers have written down at their start.
CREATE FUNCTION messaging.callback_url_refusal(url text) RETURNS text
LANGUAGE plpgsql STABLE STRICT
AS $$
DECLARE
    p       text[];
    host    text;
    address inet;
    scope   text;
BEGIN
    IF messaging.utf16_length(url) NOT BETWEEN 1 AND 2000 OR url ~ '[\u0001-\u001F\u007F-\u009F]|[^\u0001-\uFFFF]' THEN
        RETURN 'It is not an address of 1 to 2000 characters.';
    END IF;
    -- Scheme, user name, host, port without leading zeros, fragment.
    p := regexp_match(btrim(url, ' '),
        '^([a-zA-Z][a-zA-Z0-9+.-]*):[/\\]{2}(?:([^/?#\\@]*)@)?(\[[0-9a-fA-F:.]+\]|[^/?#\\@:\[\]]+)(?::0*([0-9]{0,5}))?(?=[/?#]|$)[^#]*(#.*)?$');
    -- Dots of other scripts part names, too.
    host := lower(translate(p[3], chr(12290) || chr(65294) || chr(65377), '...') COLLATE "C");
    IF host ~ '^\[' THEN
        BEGIN
            address := btrim(host, '[]')::inet;
        EXCEPTION WHEN data_exception THEN
            host := NULL;
        END;
        host := CASE WHEN family(address) = 6 THEN host(address) END;
    ELSIF host !~ '^[a-z0-9_\u00A0-\uFFFF-]+(?:\.[a-z0-9_\u00A0-\uFFFF-]+(?:\.[a-z0-9\u00A0-\uFFFF][a-z0-9_\u00A0-\uFFFF-]*)*)?\.?$'
        OR host ~ '^[0-9]+\.[-_]' OR host ~ '[^.]{64}' AND length(host) > 256 THEN
        host := NULL;
    ELSE
        host := rtrim(CASE host WHEN 'loopback' THEN 'localhost' ELSE host END, '.');
        address := messaging.ipv4_of(host);
        host := coalesce(host(address), host);
        IF host = 'localhost' OR host LIKE '%.localhost' THEN
            address := '127.0.0.1'; -- RFC 6761
        END IF;
    END IF;
    IF host IS NULL OR nullif(p[4], '')::integer > 65535 THEN
        RETURN 'It is not an absolute address such as https://example.com/hooks.';
    ELSIF lower(p[1] COLLATE "C") NOT IN ('http', 'https') THEN
        RETURN format('Its scheme is ''%s''; callbacks go to https and http.', lower(p[1] COLLATE "C"));
    ELSIF p[2] <> '' THEN
        RETURN 'It has a user name or password; callbacks prove themselves by their signature.';
    ELSIF p[5] IS NOT NULL THEN
        RETURN 'It has a fragment, which is not sent.';
    END IF;
    scope := messaging.address_scope(address);
    IF scope IN ('loopback', 'private') AND EXISTS (SELECT FROM messaging.settings s WHERE s.name = 'callbacks.allow-' || scope AND s.value = 'true') THEN
        RETURN NULL;
    END IF;
    RETURN CASE scope
        WHEN 'loopback' THEN format('''%s'' is this machine, which is refused unless Messaging:Callbacks:AllowLoopback is set.', host)
        WHEN 'private' THEN format('''%s'' is in a private network, which is refused unless Messaging:Callbacks:AllowPrivate is set.', host)
        WHEN 'special' THEN format('''%s'' has a link-local, multicast or reserved address, which is refused.', host) END;
END
$$;

-- The bytes of a secret: 'whsec_' and base64 of 24 to 64 bytes. Null: it is none.
CREATE FUNCTION messaging.callback_secret(txt text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
DECLARE
    base64 text := translate(substr(txt, 7), E' \t\r\n', '');
    secret bytea;
BEGIN
    IF left(txt, 6) <> 'whsec_' OR base64 !~ '^[A-Za-z0-9+/]{32,86}={0,2}$' OR length(base64) % 4 <> 0 THEN
        RETURN NULL;
    END IF;
    secret := decode(base64, 'base64');
    RETURN CASE WHEN octet_length(secret) BETWEEN 24 AND 64 THEN secret END;
END
$$;

-- Takes the option callback apart. Refuses what has the wrong shape, by its pointer.
CREATE FUNCTION messaging.read_callback(callback json, OUT url text, OUT endpoint text, OUT secret text, OUT events text[])
LANGUAGE plpgsql STABLE STRICT
AS $$
#variable_conflict use_variable
DECLARE
    known CONSTANT text[] := ARRAY['url', 'endpoint', 'events', 'secret'];
    seen  text[] := '{}';
    name  text;
    val   json;
    wrong record;
BEGIN
    FOR name, val IN SELECT e.key, e.value FROM json_each(callback) e LOOP
        IF name <> ALL (known) THEN
            PERFORM messaging.refuse_submit('invalid-request', '22023', format('Unknown member ''%s'' of the option ''callback''.', left(name, 100)),
                coalesce((SELECT format('Did you mean ''%s''? ', k) FROM unnest(known) k WHERE k = lower(name)), '')
                || format('Its members are %s.', array_to_string(known, ', ')), 'callback/' || left(name, 60));
        ELSIF name = ANY (seen) THEN
            PERFORM messaging.refuse_submit('invalid-request', '22023', format('The option ''callback/%s'' is given more than once.', name), '', 'callback/' || name);
        ELSIF json_typeof(val) <> (CASE name WHEN 'events' THEN 'array' ELSE 'string' END) THEN
            PERFORM messaging.refuse_submit('invalid-request', '22023',
                format('The option ''callback/%s'' must be %s, not %s.', name, CASE name WHEN 'events' THEN 'an array of strings' ELSE 'a string' END, json_typeof(val)),
                CASE json_typeof(val) WHEN 'null' THEN 'Leave out what is not wanted, for example by jsonb_strip_nulls(…).' ELSE '' END, 'callback/' || name);
        END IF;
        seen := seen || name;
        CASE name
        WHEN 'url' THEN
            url := val #>> '{}';
        WHEN 'endpoint' THEN
            endpoint := val #>> '{}';
        WHEN 'secret' THEN
            secret := val #>> '{}';
        ELSE
            SELECT e.n - 1 AS at, json_typeof(e.x) AS sort INTO wrong
            FROM json_array_elements(val) WITH ORDINALITY e(x, n) WHERE json_typeof(e.x) <> 'string' ORDER BY e.n LIMIT 1;
            IF FOUND THEN
                PERFORM messaging.refuse_submit('invalid-request', '22023', format('The option ''callback/events/%s'' must be a string, not %s.', wrong.at, wrong.sort), '',
                    format('callback/events/%s', wrong.at));
            END IF;
            events := ARRAY(SELECT e.x #>> '{}' FROM json_array_elements(val) WITH ORDINALITY e(x, n) ORDER BY e.n);
        END CASE;
    END LOOP;
END
$$;

-- Refuses a callback that can't be, by the pointer of what is wrong. Answers what is stored of it beside url and endpoint.
CREATE FUNCTION messaging.check_callback(url text, endpoint text, secret text, events text[], OUT event_bits smallint, OUT secret_bytes bytea)
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_variable
DECLARE
    known CONSTANT text[] := ARRAY['task.succeeded', 'task.failed', 'task.cancelled', 'task.expired'];
    names CONSTANT text := array_to_string(known, ', ');
    fault text;
    place text;
BEGIN
    secret_bytes := messaging.callback_secret(secret);
    -- The first event that is none.
    SELECT format('''%s'' is no event; events are %s.', left(e.name, 100), names), format('/events/%s', e.n - 1) INTO fault, place
    FROM unnest(events) WITH ORDINALITY e(name, n) WHERE e.name <> ALL (known) ORDER BY e.n LIMIT 1;
    IF (url IS NULL) = (endpoint IS NULL) THEN
        fault := 'Give either url or endpoint: an address, or the name of an endpoint that is registered.';
        place := '';
    ELSIF messaging.callback_url_refusal(url) IS NOT NULL THEN
        fault := messaging.callback_url_refusal(url);
        place := '/url';
    ELSIF endpoint !~ '^[a-z0-9][a-z0-9_-]{0,59}$' THEN
        fault := format('''%s'' is not 1 to 60 characters of a-z, 0-9, ''-'' and ''_'', beginning with a letter or digit.', left(endpoint, 100));
        place := '/endpoint';
    ELSIF cardinality(events) = 0 THEN
        fault := format('Empty: name at least one of %s, or leave it out.', names);
        place := '/events';
    ELSIF fault IS NOT NULL THEN
        NULL;
    ELSIF secret IS NOT NULL AND secret_bytes IS NULL THEN
        fault := 'It is not ''whsec_'' and base64 of 24 to 64 bytes.'; -- the secret itself is said to nobody
        place := '/secret';
    ELSIF secret IS NOT NULL AND endpoint IS NOT NULL THEN
        fault := 'An endpoint has secrets of its own; give one only together with url.';
        place := '/secret';
    END IF;
    IF fault IS NOT NULL THEN
        PERFORM messaging.refuse_submit('invalid-value', '22023', format('The option ''callback%s'': %s', place, fault), '', 'callback' || place);
    ELSIF NOT EXISTS (SELECT FROM messaging.callback_endpoints e WHERE e.name = endpoint) AND endpoint IS NOT NULL THEN
        PERFORM messaging.refuse_submit('unknown-callback-endpoint', '42704', format('The option ''callback/endpoint'': there is no endpoint ''%s''.', endpoint),
            'GET /v1/callback-endpoints lists those there are.', 'callback/endpoint');
    END IF;
    event_bits := (SELECT bit_or(1 << (array_position(known, e.name) - 1)) FROM unnest(events) e(name));
END
$$;
