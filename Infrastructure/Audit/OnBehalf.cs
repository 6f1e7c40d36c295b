namespace Messaging.Infrastructure.Audit;

/// <summary>Who does something.</summary>
/// <param name="Id"><c>key:ID</c>, <c>anonymous</c> or <c>cli</c>.</param>
/// <param name="Name">The key's name, or the user and machine of the command line; null if there is none.</param>
/// <param name="Address">Where the request came from; null if from no network.</param>
public sealed record Actor(string Id, string? Name, string? Address);

/// <summary>For whom something is done, and why: what the audit log is told.</summary>
/// <param name="Actor">The person, or the program that acts for one.</param>
/// <param name="Reason">As the person said; null: nothing was said.</param>
public sealed record OnBehalf(Actor Actor, string? Reason = null);
