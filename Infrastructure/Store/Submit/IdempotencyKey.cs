namespace Messaging.Infrastructure.Store.Submit;

/// <summary>A caller's own name for a request: however often it is sent, it makes one task.</summary>
/// <param name="Scope">Whose key it is; the same value in another scope is another key. Up to 100 characters.</param>
/// <param name="Value">The key, as <see cref="Contracts.Kinds.Names.IsIdempotencyKey"/> allows it. Compared character by character.</param>
/// <param name="Fingerprint">What was asked for: <see cref="RequestFingerprint"/>.</param>
public sealed record IdempotencyKey(string Scope, string Value, Guid Fingerprint)
{
    /// <summary>The scope of all callers, whatever API key they have and by whatever door they come (docs/decisions/0042).</summary>
    public const string SharedScope = "";
}
