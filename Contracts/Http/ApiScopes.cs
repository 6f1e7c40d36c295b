namespace Messaging.Contracts.Http;

/// <summary>What the holder of an API key may do. Stored as a number: the values never change.</summary>
[Flags]
public enum ApiScopes
{
    /// <summary>Nothing but what everybody may: the health.</summary>
    None = 0,

    /// <summary>Submit tasks.</summary>
    Submit = 1,

    /// <summary>Look at everything but keys and the audit log.</summary>
    Read = 2,

    /// <summary>Cancel, retry, discard, remove, one or many.</summary>
    Operate = 4,

    /// <summary>All of the others; make and revoke keys; read the audit log.</summary>
    Admin = 8,
}

/// <summary>Scopes as words on the wire.</summary>
public static class ApiScopeWords
{
    private static readonly (ApiScopes Scope, string Word)[] Words =
        [(ApiScopes.Submit, "submit"), (ApiScopes.Read, "read"), (ApiScopes.Operate, "operate"), (ApiScopes.Admin, "admin")];

    /// <summary>All words, for error messages.</summary>
    public const string All = "submit, read, operate, admin";

    /// <summary>The words of the scopes, in a fixed order.</summary>
    public static IReadOnlyList<string> Of(ApiScopes scopes) => [.. Words.Where(w => scopes.HasFlag(w.Scope)).Select(w => w.Word)];

    /// <summary>Reads one word.</summary>
    public static bool TryParse(string word, out ApiScopes scope)
    {
        scope = Array.Find(Words, w => w.Word == word).Scope;
        return scope != ApiScopes.None;
    }

    /// <summary>True if <paramref name="held"/> are enough for <paramref name="needed"/>: <see cref="ApiScopes.Admin"/> is enough for all.</summary>
    public static bool Include(this ApiScopes held, ApiScopes needed) => held.HasFlag(ApiScopes.Admin) || (held & needed) == needed;
}
