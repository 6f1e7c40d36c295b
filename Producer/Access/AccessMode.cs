using System.Net;
using Messaging.Infrastructure.Access;

namespace Messaging.Producer.Access;

/// <summary>Who needs a key here.</summary>
/// <param name="anonymous">The setting <c>Messaging:Anonymous</c>: everybody may do everything without a key.</param>
internal sealed class AccessMode(bool anonymous)
{
    /// <summary>True if everybody may, from wherever they come.</summary>
    public bool Anonymous { get; } = anonymous;

    /// <summary>An address on which other machines reach the service: then a key is always needed. Null: it listens on loopback only.</summary>
    public IPEndPoint? Reachable { get; set; }

    /// <summary>
    /// Whether somebody without a key may do everything: the setting says so, or only this machine reaches the service and nobody has made a
    /// key yet. Null: nobody knows yet whether there are keys.
    /// </summary>
    public bool? LetsAnonymousIn(KeyCatalog keys) => Anonymous ? true : Reachable is not null ? false : !keys.Any;
}
