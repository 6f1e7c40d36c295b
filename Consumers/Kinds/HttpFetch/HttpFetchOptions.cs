using System.ComponentModel.DataAnnotations;
using Messaging.Infrastructure.Outbound;
using Microsoft.Extensions.Options;

namespace Messaging.Consumers.Kinds.HttpFetch;

/// <summary>What <c>http.fetch</c> may reach from this worker, and how much of it at once.</summary>
public sealed class HttpFetchOptions
{
    /// <summary>Where they stand in the configuration: <c>Messaging:HttpFetch</c>.</summary>
    public const string Section = "Messaging:HttpFetch";

    /// <summary>
    /// Whether this machine itself may be fetched from (127.0.0.0/8, ::1). Default: no, because whoever submits tasks would reach
    /// everything that listens here and trusts local callers.
    /// </summary>
    public bool AllowLoopback { get; set; }

    /// <summary>
    /// Whether private networks may be fetched from (10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7). Default: no. Link-local addresses,
    /// where clouds serve credentials, stay refused even so.
    /// </summary>
    public bool AllowPrivate { get; set; }

    /// <summary>
    /// How many requests this worker has under way at once, over all its tasks, 1 to 10,000. Default: 512. Each costs a socket; too low a number
    /// makes tasks wait for each other. The limit per host is the task's own (<c>concurrencyPerHost</c>).
    /// </summary>
    [Range(1, 10_000)]
    public int MaxRequests { get; set; } = 512;

    /// <summary>What <see cref="AddressGuard"/> is asked with.</summary>
    internal AddressRules Rules => new(AllowLoopback, AllowPrivate, Section);
}

/// <summary>Checks the bounds at start.</summary>
[OptionsValidator]
internal sealed partial class HttpFetchOptionsValidator : IValidateOptions<HttpFetchOptions>;
