using System.ComponentModel.DataAnnotations;
using Messaging.Contracts.Json;
using Messaging.Infrastructure.Outbound;
using Microsoft.Extensions.Options;

namespace Messaging.Infrastructure.Callbacks;

/// <summary>
/// Where callbacks may go, and how they are sent. Read by producers, which refuse what can't work, and by consumers, which send: give both the same. From
/// the configuration section <see cref="Section"/>.
/// </summary>
public sealed class CallbackOptions
{
    /// <summary>Where the settings are.</summary>
    public const string Section = "Messaging:Callbacks";

    /// <summary>The schedule that Standard Webhooks gives as an example; the first attempt, at once, is not in it.</summary>
    public const string DefaultRetries = "PT5S PT5M PT30M PT2H PT5H PT10H PT14H PT20H PT24H";

    private const int MostRetries = 50;

    /// <summary>
    /// Whether callbacks may go to this machine (127.0.0.0/8, ::1). Default: no, because whoever submits tasks would reach everything that
    /// listens here and trusts local callers.
    /// </summary>
    public bool AllowLoopback { get; set; }

    /// <summary>
    /// Whether callbacks may go to private networks (10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7). Default: no. Link-local addresses,
    /// where clouds serve credentials, stay refused even so.
    /// </summary>
    public bool AllowPrivate { get; set; }

    /// <summary>How long a receiver may take for its answer, connecting included. Default 15 seconds; 0.1 s to 1 minute. Later is a failed attempt.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00", ErrorMessage = "Messaging:Callbacks:Timeout must be from 0.1 s to 1 minute (00:01:00).")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long after each failed attempt the next one comes, as ISO 8601 durations parted by spaces; chance adds up to a tenth. After the last one
    /// the callback has failed for good. Up to 50, each at most a week; none (an empty text): one attempt only. Default <see cref="DefaultRetries"/>: ten attempts in three days.
    /// </summary>
    public string Retries { get; set; } = DefaultRetries;

    /// <summary>
    /// How many requests a worker has under way at one receiver (host and port), 1 to 1,000. Default 8. Too many are a burden to it; beyond, callbacks
    /// wait or come again later.
    /// </summary>
    [Range(1, 1_000)]
    public int PerReceiver { get; set; } = 8;

    /// <summary>The largest result that is in a callback, in bytes of JSON, 0 to 262,144. Default 65,536: a larger one is left out, and <c>links.result</c> has it.</summary>
    [Range(0, 256 * 1024)]
    public int LargestResult { get; set; } = 64 * 1024;

    /// <summary><see cref="Retries"/>, taken apart; null if that can't be.</summary>
    public IReadOnlyList<TimeSpan>? Schedule
    {
        get
        {
            var words = Retries.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            var schedule = new List<TimeSpan>(words.Length);
            foreach (var word in words)
            {
                if (!Iso8601Duration.TryParse(word, out var delay) || delay < TimeSpan.Zero || delay > TimeSpan.FromDays(7))
                    return null;
                schedule.Add(delay);
            }

            return schedule.Count <= MostRetries ? schedule : null;
        }
    }

    /// <summary>What <see cref="AddressGuard"/> is asked with.</summary>
    public AddressRules Rules => new(AllowLoopback, AllowPrivate, Section);
}

/// <summary>Checks the settings at start.</summary>
internal sealed class CallbackOptionsCheck : IValidateOptions<CallbackOptions>
{
    public ValidateOptionsResult Validate(string? name, CallbackOptions options) => options.Schedule is null
        ? ValidateOptionsResult.Fail(
            $"{CallbackOptions.Section}:{nameof(CallbackOptions.Retries)} is '{options.Retries}'; it must be up to 50 ISO 8601 durations of at most a week, parted by spaces, such as '{CallbackOptions.DefaultRetries}'.")
        : ValidateOptionsResult.Success;
}
